"""Proves that the teacher gets along with a real server: `transformers serve`, a tiny random model.

The model's chat template has no system role, as that of Mistral-7B-Instruct-v0.2; this server
answers such a request with a bare 500.
"""

import logging
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from emo_hub.errors import ReplyError, TeacherError
from emo_hub.synthesis.stage import Stage, read_list, run
from emo_hub.teacher import Prompt, read_object
from emo_hub.teacher.http import HttpSettings, HttpTeacher, probe

pytest.importorskip("openai", reason="NO REAL SERVER: transformers serve needs openai")

STRICT_TEMPLATE = """\
{%- for message in messages -%}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
{%- endif -%}
{{ message['content'] }}
{%- endfor -%}"""
WORDS = [
    *(
        "he",
        "she",
        "it",
        "they",
        "sat",
        "ran",
        "slept",
        "laughed",
        "cried",
        "near",
        "under",
        "over",
    ),
    *("the", "a", "of", "old", "new", "small", "door", "river", "table", "kite", "letter", "rain"),
]
ASKED = Prompt(
    "words",
    "words-1",
    (("system", "You list words."), ("user", "the old door")),
    schema={"type": "object"},
    max_tokens=400,
)


def make_model(folder):
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    vocabulary = {word: place for place, word in enumerate(["<s>", "</s>", "<unk>", *WORDS])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    tokenizer.chat_template = STRICT_TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    model = LlamaForCausalLM(config)
    model.generation_config.do_sample = True
    model.generation_config.min_new_tokens = 2
    model.save_pretrained(folder)


@dataclass(frozen=True)
class Served:
    url: str
    model: str


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real-server")
    make_model(folder / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [Path(sys.executable).parent / "transformers", "serve", folder / "model"]
    command += ["--host", "127.0.0.1", "--port", port, "--device", "cpu"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    log = folder / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}/health", process, log)
            yield Served(f"http://127.0.0.1:{port}", str(folder / "model"))
        finally:
            process.terminate()
            process.wait(20)


def wait_until_healthy(url, process, log):
    for _ in range(600):
        assert process.poll() is None, f"the server ended:\n{log.read_text()[-2000:]}"
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"the server did not come up:\n{log.read_text()[-2000:]}")


@pytest.fixture
def settings(served):
    """Sampling at 1, since greedy decoding of a random model seldom comes to an end."""
    return HttpSettings(
        served.url, served.model, temperature=1.0, most_at_once=4, seed=0, first_wait_seconds=0.05
    )


@pytest.fixture
def teacher(settings):
    teacher = HttpTeacher(settings)
    yield teacher
    teacher.close()


def test_reply_has_text_teacher_and_cost(teacher, served, caplog):
    with caplog.at_level(logging.WARNING):
        replies = [teacher.answer(replace(ASKED, sample=sample)) for sample in (1, 2)]
    for reply in replies:
        assert set(reply.text.split()) <= {*WORDS, "<unk>"}
        assert reply.teacher.startswith(served.model)
        # Three words of the system message, the mark after them, and three of the user.
        assert reply.usage.prompt_tokens == 7
        assert 0 < reply.usage.completion_tokens < 400
        assert reply.usage.seconds > 0
    assert "merge_system=True" in caplog.text, "it was to find out that there is no system role"


def test_one_seed_gives_one_reply(teacher):
    assert teacher.answer(ASKED).text == teacher.answer(ASKED).text


def test_answer_that_the_limit_cuts_off_is_a_truncated_reply(teacher):
    with pytest.raises(ReplyError, match="truncated: cut off after 2 tokens"):
        teacher.answer(replace(ASKED, max_tokens=2))


def test_greedy_decoding_is_the_same_for_every_seed(settings):
    teacher = HttpTeacher(replace(settings, temperature=0.0))
    outcomes = set()
    for sample in range(3):
        try:
            outcomes.add(teacher.answer(replace(ASKED, sample=sample)).text)
        except ReplyError as error:
            outcomes.add(str(error))
    teacher.close()
    assert len(outcomes) == 1


def test_garbage_becomes_counted_rejections_with_four_at_once(teacher):
    def read(item, reply):
        yield from read_list(read_object(reply.text), "words")

    def ask(item):
        messages = (("system", "You list words."), ("user", f"the {WORDS[item]} door"))
        return replace(ASKED, messages=messages, request=f"r{item}")

    done = run(Stage("words", "words-1", ask, read), range(12), teacher)
    assert done.records == ()
    assert [lost.request_id for lost in done.rejections] == [f"r{item}" for item in range(12)]
    assert {lost.reason for lost in done.rejections} <= {"not_json", "empty_reply", "truncated"}
    assert teacher.gate.in_flight == 0


def test_several_threads_get_each_their_own_reply(teacher):
    prompts = [replace(ASKED, max_tokens=400, sample=sample) for sample in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert len({reply.text for reply in pool.map(teacher.answer, prompts)}) > 4


def test_sampling_setting_that_the_server_does_not_know_is_left_out(settings, caplog):
    teacher = HttpTeacher(replace(settings, repetition_penalty=1.05, merge_system=True))
    assert teacher.answer(ASKED).text
    teacher.close()
    assert "repetition_penalty" in caplog.text


def test_probe_takes_the_server_and_tells_a_wrong_model(settings):
    assert "answers as" in probe(settings)
    with pytest.raises(TeacherError, match="set model to one that it serves"):
        probe(replace(settings, model="nobody/nothing"))
