"""Asterisk's two protocols spoken by hand, so that tests of its configuration need none of our clients."""

import asyncio
import contextlib


class Manager:
    """A manager session: `events` are the packets so far, each a dict of its lines."""

    def __init__(self, settings, secret):
        self._address = settings.host, settings.ami_port
        self._secret = secret
        self.events = []

    async def __aenter__(self):
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        await self._reader.readline()
        self.send(Action="Login", Username="svarklar", Secret=self._secret)
        await self.until(Event="FullyBooted")
        return self

    async def __aexit__(self, *_):
        self._writer.close()

    def send(self, **fields):
        lines = [f"{name}: {value}" for name, value in fields.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode())

    async def until(self, **wanted):
        """Read on up to the packet with these fields."""
        while True:
            text = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            packet = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
            self.events.append(packet)
            if wanted.items() <= packet.items():
                return packet


@contextlib.asynccontextmanager
async def gateway(settings, *commands):
    """A FastAGI server that gives each call these commands; yields a queue of (script, [answers])."""
    calls = asyncio.Queue()

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\n\n")).decode()
        script = next(line.split(": ")[1] for line in head.splitlines() if "network_script" in line)
        answers = []
        for command in commands:
            writer.write(f"{command}\n".encode())
            answers.append((await reader.readline()).decode().strip())
        calls.put_nowait((script, answers))
        writer.close()

    server = await asyncio.start_server(serve, settings.host, settings.agi_port)
    async with server:
        yield calls
