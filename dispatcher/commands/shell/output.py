"""The options by which operators' commands say how they print."""

from __future__ import annotations

from typing import Annotated

import typer

from dispatcher.desk_texts.catalogue import DeskLanguage

AsJson = Annotated[bool, typer.Option("--json", help="one JSON document")]
AsJsonLines = Annotated[bool, typer.Option("--json", help="one JSON line each")]
OutputLanguage = Annotated[
    DeskLanguage, typer.Option("--language", envvar="WARN_LANGUAGE", help="of what is printed for people")
]
