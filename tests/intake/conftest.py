"""Feeds over one record, and the API in front of submissions."""

from tests.api import conftest as over_http
from tests.support import feed_world

pair = feed_world.pair
world = feed_world.world
pool = over_http.pool
service = over_http.service
settings = over_http.settings
