"""Which detectors there are."""

from collections.abc import Callable, Mapping
from pathlib import Path

from mangaflux.engine.analysis.detectors import comic_text_and_bubble, manga109_yolo
from mangaflux.engine.analysis.detectors.detector import Detector

#: Opens a detector, given its weights and their licence.
#:
#: Raises SettingsError where the weights cannot be loaded, or are of another kind of model.
OpenDetector = Callable[[Path, str], Detector]

#: By the word in the settings, which is also the name of its model in the catalogue.
DETECTORS: Mapping[str, OpenDetector] = {
    comic_text_and_bubble.NAME: comic_text_and_bubble.ComicTextAndBubbleDetector,
    manga109_yolo.NAME: manga109_yolo.Manga109YoloDetector,
}
