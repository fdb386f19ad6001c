-- How well the drawing of a finished page survived; null before Pass 2, and for pages finished by older versions.

ALTER TABLE page_passes ADD COLUMN fidelity TEXT;
