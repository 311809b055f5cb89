"""The Parquet files of one split, written while its rows come in."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from emo_hub.dataset import FEATURES, Row, parquet_name, table

# Rows that are held as Python objects, and rows of a row group, which readers take whole.
ROWS_AT_ONCE, ROWS_OF_GROUP = 1_000, 20_000
# A file is closed once it is that large; the Hub asks for files well under a gigabyte.
SHARD_BYTES = 200_000_000


class SplitFiles:
    """Writes the rows of a split to one file, or to several where there are very many.

    Args:
        corpus: the folder of the corpus, which has one for the config.
        config: of the rows.
        split: of the rows.
    """

    def __init__(self, corpus: Path, config: str, split: str) -> None:
        self.rows = 0
        self.bytes_in_memory = self.bytes_on_disk = 0
        self.names: tuple[str, ...] = ()
        self._corpus, self._config, self._split = corpus, config, split
        self._waiting: list[Row] = []
        self._group: list[pa.Table] = []
        self._parts: list[Path] = []
        self._writer: pq.ParquetWriter | None = None

    def add(self, row: Row) -> None:
        """Take a row.

        Raises:
            DataError: it, or one of those before it, does not fit the columns.
        """
        self._waiting.append(row)
        self.rows += 1
        if len(self._waiting) == ROWS_AT_ONCE:
            self._convert()

    def close(self) -> None:
        """Write what is left and give the files their names; an empty split gets a file too.

        Raises:
            DataError: a row does not fit the columns.
        """
        self._convert()
        self._write()
        self._end()
        count = len(self._parts)
        self.names = tuple(parquet_name(self._config, self._split, n, count) for n in range(count))
        for part, name in zip(self._parts, self.names, strict=True):
            self.bytes_on_disk += part.stat().st_size
            part.rename(self._corpus / name)

    def abandon(self) -> None:
        """Let go of the file that is open."""
        if self._writer is not None:
            self._end()

    def _convert(self) -> None:
        rows = table(self._config, self._waiting)
        self.bytes_in_memory += rows.nbytes
        self._waiting.clear()
        self._group.append(rows)
        if sum(len(part) for part in self._group) >= ROWS_OF_GROUP:
            self._write()

    def _write(self) -> None:
        if self._writer is not None and self._parts[-1].stat().st_size >= SHARD_BYTES:
            self._end()
        if self._writer is None:
            path = self._corpus / self._config / f"{self._split}-{len(self._parts):05d}.part"
            self._parts.append(path)
            # Chunked by content, so that a new version on the Hub shares what it did not change.
            self._writer = pq.ParquetWriter(
                path, FEATURES[self._config].arrow_schema, use_content_defined_chunking=True
            )
        rows = pa.concat_tables(self._group)
        self._group.clear()
        if len(rows):
            self._writer.write_table(rows.combine_chunks(), row_group_size=len(rows))

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
