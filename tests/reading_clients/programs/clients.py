"""What clients of warnung.bund.de and a feed reader show of a service, each time a line comes in: JSON, a line.

Run in an environment that has them (`clients.lock`, `pynina.lock`). pynina is unmodified: only the session that it is
given leads warnung.bund.de to the service, by a resolver, and trusts the authority of the tests. de-nina takes the
address of a service as a setting; feedparser takes any.
"""

import argparse
import asyncio
import json
import socket
import ssl
import sys
from dataclasses import asdict

import aiohttp
import feedparser
from aiohttp.abc import AbstractResolver
from deutschland.nina import ApiClient, Configuration
from deutschland.nina.api.warnings_api import WarningsApi
from home_assistant import Household
from pynina import ApiError, Nina

NAME = "warnung.bund.de"


class Here(AbstractResolver):
    """Leads one name to a port of this machine, and no other anywhere."""

    def __init__(self, port):
        self._port = port

    async def resolve(self, host, port=0, family=socket.AF_INET):
        if host != NAME:
            raise OSError(f"nobody asks for {host} here")
        found = {"hostname": host, "host": "127.0.0.1", "port": self._port}
        return [{**found, "family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST}]

    async def close(self):
        pass


async def by_pynina(nina):
    try:
        await nina.update()
    except ApiError as error:
        return {"error": error.status}
    return {
        region: [{**asdict(one), "is_valid": one.is_valid} for one in warnings]
        for region, warnings in nina.warnings.items()
    }


def by_de_nina(service, region):
    with ApiClient(Configuration(host=f"{service}/api31")) as client:
        api = WarningsApi(client)
        listed = api.get_dashboard(region).value
        found = []
        for entry in listed:
            detail = api.get_warning(entry["id"])
            shapes = api.get_warning_geo_json(entry["id"])
            info = detail["info"][0]
            found.append(
                {
                    "id": entry["id"],
                    "sent": entry["sent"].isoformat(),
                    "version": entry["payload"]["version"],
                    "headline": entry["payload"]["data"]["headline"],
                    "severity": entry["payload"]["data"]["severity"],
                    "title": entry["i18n_title"]["de"],
                    "identifier": detail["identifier"],
                    "description": info["description"],
                    "areas": [area["area_desc"] for area in info["area"]],
                    "shapes": len(shapes["features"]) if shapes is not None else None,
                }
            )
        on_map = [one["id"] for one in api.get_mowas_map_data().value]
        elsewhere = [
            len(ask().value)
            for ask in (
                api.get_biwapp_map_data,
                api.get_katwarn_map_data,
                api.get_dwd_map_data,
                api.get_lhp_map_data,
                api.get_police_map_data,
            )
        ]
        return {"listed": found, "map": on_map, "elsewhere": elsewhere}


def by_feedparser(address):
    found = feedparser.parse(address)
    return {
        "status": found.status,
        "bozo": bool(found.bozo),
        "covered": found.feed.state_covered,
        "entries": [
            {
                "id": one.id,
                "title": one.title,
                "author": one.author,
                "updated": one.updated_parsed is not None,
                "cap": [link.href for link in one.links if link.type == "application/cap+xml"],
                "kind": one.cap_msgtype,
                "categories": [tag.term for tag in one.get("tags", ())],
            }
            for one in found.entries
        ],
    }


def tell(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main():
    parser = argparse.ArgumentParser()
    for name in ("authority", "wheel", "service", "regions", "feed"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    regions = given.regions.split(",")
    trusting = ssl.create_default_context(cafile=given.authority)
    connector = aiohttp.TCPConnector(resolver=Here(given.port), ssl=trusting)
    async with aiohttp.ClientSession(connector=connector) as session:
        nina = Nina(session)
        for region in regions:
            nina.add_region(region)
        household = Household(given.wheel, session, regions[0])
        tell("ready")
        while await asyncio.to_thread(sys.stdin.readline):
            seen = {
                "pynina": await by_pynina(nina),
                "home_assistant": await household.look(),
                "de_nina": await asyncio.to_thread(by_de_nina, given.service, regions[0]),
                "feedparser": await asyncio.to_thread(by_feedparser, given.feed),
            }
            tell(json.dumps(seen))


asyncio.run(main())
