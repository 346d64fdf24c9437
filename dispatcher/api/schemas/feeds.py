"""What the API says of feeds beside alerts."""

from __future__ import annotations

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body


class StaleFeed(Body):
    """A source of which nobody knows what it says now."""

    name: words.FeedName
    since: words.Moment = Field(description="Since when nobody knows.")


class UnreadFeed(Body):
    """A source that holds something of which nobody knows what it says, or which a person has not decided upon."""

    name: words.FeedName
    since: words.Moment = Field(description="Since when there is such a thing.")
