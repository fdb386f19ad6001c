"""What makes a ZIP of pages a comic book that readers open: ComicInfo.xml and members with fixed times."""

import zipfile
from typing import Literal
from xml.etree import ElementTree

COMIC_INFO = "ComicInfo.xml"
MEDIA_TYPE = "application/vnd.comicbook+zip"
#: Time of every member, the earliest that ZIP can hold: the same pages give the same bytes.
MEMBER_TIME = (1980, 1, 1, 0, 0, 0)

_MANGA = {"rtl": "YesAndRightToLeft", "ltr": "Yes", "vertical": "Yes"}


def member_info(name: str) -> zipfile.ZipInfo:
    """The header of a member that everyone may read."""
    info = zipfile.ZipInfo(name, date_time=MEMBER_TIME)
    info.external_attr = 0o644 << 16
    return info


def comic_info(title: str, page_count: int, reading_direction: Literal["rtl", "ltr", "vertical"]) -> bytes:
    """ComicInfo.xml of the schema 2.0 of the Anansi project, which Komga, Kavita and other readers follow."""
    root = ElementTree.Element("ComicInfo")
    for name, text in (
        ("Title", title),
        ("Notes", "Coloured by MangaFlux"),
        ("PageCount", str(page_count)),
        ("BlackAndWhite", "No"),
        ("Manga", _MANGA[reading_direction]),
    ):
        ElementTree.SubElement(root, name).text = text
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
