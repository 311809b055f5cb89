"""Croissant 1.1: what a version holds, for machines, each file with its address and checksum.

The Hub makes such a description of its own for what its viewer shows, of the newest commit. This
one is part of the version: its addresses are those of the tag. See docs.mlcommons.org/croissant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from datasets import ClassLabel, Features, List, Value

from emo_hub.dataset import CONFIGS, FEATURES, StoredCorpus
from emo_hub.publishing.target import Target
from emo_hub.records import SPLITS

FILE = "croissant.json"

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {"string": "sc:Text", "float32": "sc:Float", "int8": "sc:Integer"}
_INTRODUCTION = re.compile(r"^# .*?\n+(.+?)\n\n", re.DOTALL | re.MULTILINE)

Node = dict[str, Any]


def croissant(
    corpus: StoredCorpus, target: Target, endpoint: str, card: str, facts: Mapping[str, Any]
) -> str:
    """Describe a version as it will stand on the Hub.

    Args:
        corpus: the version.
        target: where it goes, and under which tag.
        endpoint: the address of the Hub.
        card: the text of the card; its first paragraph is the description.
        facts: the metadata of the card.

    Returns:
        JSON-LD, the same for the same version and place.
    """
    page = f"{endpoint}/datasets/{target.repo_id}"
    introduction = _INTRODUCTION.search(card)
    title = facts.get("pretty_name", corpus.manifest["name"])
    described: Node = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": corpus.manifest["name"],
        "alternateName": [title, target.repo_id],
        "description": " ".join(introduction[1].split()) if introduction else title,
        "version": corpus.version,
        "license": f"https://choosealicense.com/licenses/{facts['license']}/",
        "keywords": facts["tags"],
        "inLanguage": facts["language"],
        "creator": {
            "@type": "Organization",
            "name": target.namespace,
            "url": f"{endpoint}/{target.namespace}",
        },
        "url": page,
        "citeAs": f"@misc{{{corpus.manifest['name']}, title = {{{title}}}, "
        f"author = {{{target.namespace}}}, note = {{{target.tag}}}, url = {{{page}}}}}",
        "distribution": [
            _file(corpus, path, f"{page}/resolve/{target.tag}/{path}")
            for path, _, _ in _shards(corpus)
        ],
        "recordSet": [_records(path, config, name) for path, config, name in _shards(corpus)],
    }
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def _shards(corpus: StoredCorpus) -> Iterator[tuple[str, str, str]]:
    """Give of each file that has rows its path, its config, and a name for its rows."""
    for config in CONFIGS:
        for split in SPLITS:
            files = corpus.files(config, split)
            if not corpus.counts.get(config, {}).get(split):
                continue
            for number, file in enumerate(files):
                several = f"-{number:05d}" if len(files) > 1 else ""
                yield f"{config}/{file.name}", config, f"{config}/{split}{several}"


def _file(corpus: StoredCorpus, path: str, address: str) -> Node:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": address,
        "contentSize": f"{(corpus.path / path).stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": corpus.manifest["files"][path],
    }


def _records(path: str, config: str, name: str) -> Node:
    features: Features = FEATURES[config]
    fields = [_field(path, name, column, feature) for column, feature in features.items()]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": {"@id": f"{name}/id"},
        "field": [field for field in fields if field],
    }


def _field(path: str, records: str, column: str, feature: Any) -> Node:  # noqa: ANN401
    """Describe a column; none of records, which mlcroissant cannot read."""
    is_array = isinstance(feature, List)
    inner = feature.feature if is_array else feature
    if not isinstance(inner, (Value, ClassLabel)):
        return {}
    found: Node = {
        "@type": "cr:Field",
        "@id": f"{records}/{column}",
        "name": column,
        "source": {"fileObject": {"@id": path}, "extract": {"column": column}},
    }
    if isinstance(inner, ClassLabel):
        numbered = ", ".join(f"{number} {name}" for number, name in enumerate(inner.names))
        found |= {"dataType": "sc:Integer", "description": f"Numbers of names: {numbered}."}
    else:
        found["dataType"] = _TYPES[inner.dtype]
    return found | ({"isArray": True, "arrayShape": "-1"} if is_array else {})
