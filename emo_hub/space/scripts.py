"""What happens in the browser itself, as JavaScript functions that gradio calls on events."""

import json

from emo_hub.space.presets import PRESETS

# Typed commas become chips at once in the browser; the server splits them again for the API. The
# set stays marked for as long as the chips are the set. What is right already is left alone: a new
# list with the same words would count as a change, and ask again for ever.
SPLIT_CHIPS = (
    f"(chips, preset) => {{\n    const sets = {json.dumps(PRESETS)};"
    + """
    const separator = /[,;\\n\\uff0c\\u3001\\uff1b]/;
    const seen = new Map();
    for (const part of (chips ?? []).flatMap((chip) => String(chip).split(separator))) {
        const label = part.trim().replace(/\\s+/g, " ");
        if (label && !seen.has(label.toLowerCase())) seen.set(label.toLowerCase(), label);
    }
    const labels = [...seen.values()];
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    const keep = { __type__: "update" };
    return [
        same(labels, chips) ? keep : labels,
        preset && !same(sets[preset], labels) ? null : keep,
    ];
}"""
)
# gradio's chips have no placeholder of their own, and without one nobody sees where to type.
INVITE = """() => {
    document.querySelector("#labels input").placeholder = "add a feeling \u2026";
}"""
# On a phone the answer lies below the fold, so the page goes there, and only where it has to.
SHOW_ANSWER = """() => {
    const answer = document.querySelector("#answer");
    const top = answer.getBoundingClientRect().top;
    if (top < 0 || top > 0.6 * window.innerHeight) answer.scrollIntoView({ behavior: "smooth" });
}"""
