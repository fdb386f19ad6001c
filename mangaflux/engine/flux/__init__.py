"""FLUX.2 klein in process: torch and diffusers are imported when the engine loads, never before."""
