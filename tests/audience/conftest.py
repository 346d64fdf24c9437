"""The API in front, people who follow places, and a planner that finds them."""

from tests.api import conftest as over_http
from tests.support import followers

people = followers.people
planner = followers.planner
pool = over_http.pool
service = over_http.service
settings = over_http.settings
wake_ups = followers.wake_ups
