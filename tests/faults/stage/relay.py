"""A relay that accepts every connection before it dials, as ztunnel does: whoever connects
learns from the first byte, or from a closed connection, whether anybody is there."""

import asyncio
import contextlib
import threading


class Relay:
    """Listens at (address, port) and dials another address with the same port."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.servers = []
        self.tasks = set()  # the loop itself holds them weakly
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def add(self, listen, dial, port):
        async def start():
            async def serve(reader, writer):
                await self._serve(reader, writer, dial, port)

            return await asyncio.start_server(serve, listen, port, backlog=256)

        future = asyncio.run_coroutine_threadsafe(start(), self.loop)
        self.servers.append(future.result(5))

    async def _serve(self, reader, writer, dial, port):
        self.tasks.add(asyncio.current_task())
        try:
            await self._relay(reader, writer, dial, port)
        finally:
            self.tasks.discard(asyncio.current_task())

    async def _relay(self, reader, writer, dial, port):
        try:
            far_reader, far_writer = await asyncio.open_connection(dial, port)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(
                self._pump(reader, far_writer),
                self._pump(far_reader, writer),
            )
        finally:
            far_writer.close()
            writer.close()

    @staticmethod
    async def _pump(reader, writer):
        """One direction. A reset of one side resets the other."""
        with contextlib.suppress(OSError):
            try:
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
                if writer.can_write_eof():
                    writer.write_eof()
                    return
            except OSError:
                writer.transport.abort()

    def close(self):
        async def end():
            for server in self.servers:
                server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
