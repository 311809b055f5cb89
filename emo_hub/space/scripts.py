"""What happens in the browser itself, as JavaScript functions that gradio calls on events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from emo_hub.space.texts import languages

# Typed commas become chips at once in the browser; the server splits them again for the API. The
# set stays marked for as long as the chips are the set. What is right already is left alone: a new
# list with the same words would count as a change, and ask again for ever.
_SPLIT = """
    const separator = /[,;\\n\\uff0c\\u3001\\uff1b]/;
    const seen = new Map();
    for (const part of (chips ?? []).flatMap((chip) => String(chip).split(separator))) {
        const label = part.trim().replace(/\\s+/g, " ");
        if (label && !seen.has(label.toLowerCase())) seen.set(label.toLowerCase(), label);
    }
    const labels = [...seen.values()];
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    const keep = { __type__: "update" };"""
# A list that is returned stands for all outputs, so one output needs a list around its own.
SPLIT_BARE_CHIPS = (
    "(chips) => {" + _SPLIT + "\n    return [same(labels, chips) ? keep : labels];\n}"
)
# gradio's chips have no placeholder of their own, and without one nobody sees where to type.
_HINTS = {language: says["ask_add"] for language, says in languages().items()}
INVITE = (
    f"() => {{\n    const hints = {json.dumps(_HINTS)};"
    + """
    const hint = hints[navigator.language.slice(0, 2)] ?? hints.en;
    const invite = () => {
        for (const field of document.querySelectorAll(".chips input")) field.placeholder = hint;
    };
    new MutationObserver(invite).observe(document.body, { childList: true, subtree: true });
    invite();
}"""
)
# On a phone the answer lies below the fold, so the page goes there, and only where it has to.
SHOW_ANSWER = """() => {
    const answer = document.querySelector("#answer");
    const top = answer.getBoundingClientRect().top;
    if (top < 0 || top > 0.6 * window.innerHeight) answer.scrollIntoView({ behavior: "smooth" });
}"""
# The fragment of an address never reaches a server, so no log holds what a link holds.
READ_LINK = """() => {
    window.addEventListener("hashchange", () => window.location.reload());
    const link = new URLSearchParams(window.location.hash.slice(1));
    if (!link.has("text")) return [null, null, null];
    return [link.get("text"), link.get("before") ?? "", (link.get("labels") ?? "").split(",")];
}"""
WRITE_LINK = """(text, context, labels) => {
    if (!document.querySelector("#answer .bars")) return;
    const link = new URLSearchParams({ text: text.trim(), labels: (labels ?? []).join(",") });
    if ((context ?? "").trim()) link.set("before", context.trim());
    const hash = "#" + link.toString();
    window.history.replaceState(window.history.state, "", hash);
    // On the Hub the page stands in a frame, and the address that people see is the parent's.
    if (window.parent !== window) window.parent.postMessage({ hash }, "https://huggingface.co");
}"""
COPY_LINK = (
    f"async (...typed) => {{\n    ({WRITE_LINK})(...typed);"
    + """
    try {
        await navigator.clipboard.writeText(window.location.href);
    } catch {
        const field = document.createElement("textarea");
        field.value = window.location.href;
        document.body.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
    }
}"""
)
# The file is made here, so that no server keeps one.
DOWNLOAD = """(text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.download = "emotions.csv";
    link.click();
    URL.revokeObjectURL(link.href);
}"""


def split_chips(presets: Mapping[str, Sequence[str]]) -> str:
    """Split chips at commas, and unmark a set that the chips no longer are."""
    return (
        f"(chips, preset) => {{\n    const sets = {json.dumps(presets)};"
        + _SPLIT
        + """
    return [
        same(labels, chips) ? keep : labels,
        preset && !same(sets[preset], labels) ? null : keep,
    ];
}"""
    )
