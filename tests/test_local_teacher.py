"""A model in this process answers many threads at once as it answers one, and never hangs."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from emo_hub.errors import InputError, ReplyError, SettingsError, TeacherError, Unanswered
from emo_hub.teacher import Prompt
from emo_hub.teacher.local import LocalTeacher

WITH_SYSTEM = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
# As that of Mistral-7B-Instruct-v0.2: two roles that take turns, or an exception.
WITHOUT_SYSTEM = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate user/assistant') }}{% endif %}"
    "<{{ m['role'] }}>{{ m['content'] }}<end>{% endfor %}<assistant>"
)
WINDOW = 160
ENDS = [0, *range(40, 55)]
QUESTIONS = ["a", "how did the fox feel?", "who?", "tell me of the well and of the moon", "no"] * 2


def make_model(folder, template=WITH_SYSTEM, *, pad=True, ends=ENDS):
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    specials = ["<end>", "<pad>", "<system>", "<user>", "<assistant>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(
        models.BPE(vocab={piece: i for i, piece in enumerate(specials + alphabet)}, merges=[])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<end>",
        additional_special_tokens=specials[2:],
        **({"pad_token": "<pad>"} if pad else {}),
    )
    if template is not None:
        fast.chat_template = template
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(specials) + len(alphabet),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=WINDOW,
        bos_token_id=None,
        eos_token_id=0,
        # Weights that are far apart, so that the best token is never a tie.
        initializer_range=0.6,
    )
    model = LlamaForCausalLM(config)
    # An untrained model would hardly ever end: a fair part of its tokens are ends, or one is loud.
    model.generation_config.eos_token_id = ends
    with torch.no_grad():
        model.lm_head.weight[0] *= 1 if len(ends) > 1 else 3
    model.generation_config.temperature = 0.3
    model.generation_config.do_sample = True
    model.generation_config.repetition_penalty = 1.5
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="module")
def teacher(folder):
    with LocalTeacher(folder, device="cpu", dtype="float32", batch_size=4) as teacher:
        yield teacher


def ask(text, system="Answer.", most=40):
    return Prompt("test", "test-1", (("system", system), ("user", text)), max_tokens=most)


def outcome(teacher, prompt):
    try:
        return teacher.answer(prompt).text
    except ReplyError as error:
        return error.reason


@pytest.fixture(scope="module")
def chatty(teacher):
    """A question whose answer takes more than a few tokens."""
    return next(text for text in QUESTIONS if outcome(teacher, ask(text, most=5)) == "truncated")


def together(teacher, prompts):
    with ThreadPoolExecutor(len(prompts)) as pool:
        return list(pool.map(lambda prompt: outcome(teacher, prompt), prompts))


def spy_on_batches(teacher, monkeypatch):
    chat = teacher._worker._chat
    sizes = []
    generate = chat.generate

    def spy(prompts, most_new, stop):
        sizes.append(len(prompts))
        return generate(prompts, most_new, stop)

    monkeypatch.setattr(chat, "generate", spy)
    return sizes


def test_a_batch_answers_as_one_by_one(teacher, monkeypatch):
    sizes = spy_on_batches(teacher, monkeypatch)
    # Different limits in one batch: the long answers must not lengthen the short ones.
    prompts = [ask(text, most=90 - 9 * n) for n, text in enumerate(QUESTIONS)]
    alone = [outcome(teacher, prompt) for prompt in prompts]
    assert sizes == [1] * len(prompts)
    del sizes[:]
    assert together(teacher, prompts) == alone
    assert max(sizes) == 4
    assert "truncated" in alone
    assert set(alone) - {"truncated", "empty_reply"}


def test_padding_with_the_end_token_changes_no_answer(tmp_path):
    # The prompt must not hold that token, or else it is penalised in any case.
    template = WITH_SYSTEM.replace("<end>", "")
    path = make_model(tmp_path / "no-pad", template, pad=False, ends=[0])
    prompts = [ask(text, most=most) for text in QUESTIONS[:5] for most in (3, 9, 60)]
    with LocalTeacher(
        path, device="cpu", dtype="float32", batch_size=15, repetition_penalty=1.9
    ) as teacher:
        alone = [outcome(teacher, prompt) for prompt in prompts]
        assert together(teacher, prompts) == alone
    assert "truncated" in alone
    assert set(alone) - {"truncated", "empty_reply"}


def test_an_answer_is_the_greedy_one_of_transformers(teacher, folder):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model.generation_config = GenerationConfig(eos_token_id=ENDS, pad_token_id=1)
    found = 0
    for question in QUESTIONS[:5]:
        text = f"<system>Answer.<end><user>{question}<end><assistant>"
        tokens = tokenizer(text, return_tensors="pt", add_special_tokens=False)
        output = model.generate(
            **tokens, do_sample=False, repetition_penalty=1.03, max_new_tokens=90
        )[0, tokens["input_ids"].shape[1] :]
        if output[-1] in ENDS and (wanted := tokenizer.decode(output, skip_special_tokens=True)):
            reply = teacher.answer(ask(question, most=90))
            assert reply.text == wanted.strip()
            assert reply.usage.prompt_tokens == tokens["input_ids"].shape[1]
            assert reply.usage.completion_tokens == len(output)
            assert reply.usage.seconds > 0
            found += 1
    assert found


def test_a_reply_names_the_folder_and_the_revision(folder, teacher):
    assert teacher.name == "tiny-llama"
    with LocalTeacher(folder, revision="v3", device="cpu") as other:
        assert other.name == "tiny-llama@v3"


def test_width_is_the_batch_size(teacher):
    assert teacher.width == 4


def test_a_template_without_system_turn_gets_it_in_the_first_turn(tmp_path):
    path = make_model(tmp_path / "strict", WITHOUT_SYSTEM)
    with LocalTeacher(path, device="cpu") as teacher:
        chat = teacher._worker._chat
        turns = [("system", "Be brief."), ("user", "Why?"), ("assistant", "So."), ("user", "No.")]
        text = chat._tokenizer.decode(chat.encode(turns))
        assert text == ("<user>Be brief.\n\nWhy?<end><assistant>So.<end><user>No.<end><assistant>")


def test_a_template_that_drops_the_system_turn_gets_it_in_the_first_turn(tmp_path):
    drops = WITH_SYSTEM.replace("{% for m in messages %}", "{% for m in messages[-1:] %}")
    path = make_model(tmp_path / "drops", drops)
    with LocalTeacher(path, device="cpu") as teacher:
        chat = teacher._worker._chat
        text = chat._tokenizer.decode(chat.encode([("system", "Be brief."), ("user", "Why?")]))
        assert text == "<user>Be brief.\n\nWhy?<end><assistant>"


def test_a_prompt_longer_than_the_window_is_refused_and_the_others_are_answered(teacher):
    good = ask(QUESTIONS[1], most=90)
    alone = outcome(teacher, good)
    assert together(teacher, [ask("x" * WINDOW), good, good]) == ["prompt_too_long", alone, alone]


def test_an_answer_without_an_end_is_truncated(teacher, chatty):
    with pytest.raises(ReplyError, match="truncated: no end after 3 tokens"):
        teacher.answer(ask(chatty, most=3))


def test_max_new_tokens_bounds_every_answer(folder, chatty):
    with (
        LocalTeacher(folder, device="cpu", max_new_tokens=2) as teacher,
        pytest.raises(ReplyError, match="no end after 2 tokens"),
    ):
        teacher.answer(ask(chatty, most=90))


def test_out_of_memory_halves_the_batch_and_answers_all(folder, monkeypatch):
    import torch

    prompts = [ask(text, most=60) for text in QUESTIONS]
    with LocalTeacher(folder, device="cpu", dtype="float32", batch_size=10) as teacher:
        alone = [outcome(teacher, prompt) for prompt in prompts]
        sizes = spy_on_batches(teacher, monkeypatch)
        model = teacher._worker._chat._model
        generate = model.generate

        def small(tokens, **kwargs):
            if len(tokens) > 3:
                raise torch.OutOfMemoryError
            return generate(tokens, **kwargs)

        monkeypatch.setattr(model, "generate", small)
        assert together(teacher, prompts) == alone
        assert sizes[:3] == [10, 5, 2]
        del sizes[:]
        together(teacher, prompts)
        assert max(sizes) == 2


def test_a_prompt_that_does_not_fit_alone_is_rejected(folder, monkeypatch):
    import torch

    def full(*_, **__):
        raise torch.OutOfMemoryError

    with LocalTeacher(folder, device="cpu") as teacher:
        monkeypatch.setattr(teacher._worker._chat._model, "generate", full)
        assert outcome(teacher, ask("a")) == "out_of_memory"


def test_an_error_in_the_worker_reaches_all_who_asked(folder, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("device-side assert")

    with LocalTeacher(folder, device="cpu") as teacher:
        monkeypatch.setattr(teacher._worker._chat._model, "generate", broken)
        with ThreadPoolExecutor(3) as pool:
            waiting = [pool.submit(teacher.answer, ask(text)) for text in QUESTIONS[:3]]
            for future in waiting:
                with pytest.raises(TeacherError, match="device-side assert"):
                    future.result(timeout=20)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_dies_leaves_nobody_waiting(folder, monkeypatch):
    class UnforeseenError(Exception):
        pass

    def broken(*_, **__):
        raise UnforeseenError

    with LocalTeacher(folder, device="cpu") as teacher:
        monkeypatch.setattr(teacher._worker._chat._model, "generate", broken)
        with pytest.raises(Unanswered):
            teacher.answer(ask("a"))
        with pytest.raises(TeacherError, match="was closed"):
            teacher.answer(ask("a"))


def slow_tokens(teacher, monkeypatch):
    """Make each token take a while, and say when the first one is being written."""
    model = teacher._worker._chat._model
    forward = model.forward
    begun = threading.Event()

    def slow(*args, **kwargs):
        begun.set()
        time.sleep(0.2)
        return forward(*args, **kwargs)

    monkeypatch.setattr(model, "forward", slow)
    # Nothing ends an answer but the caller.
    monkeypatch.setattr(teacher._worker._chat, "_ended", lambda answer: None)
    model.generation_config.eos_token_id = None
    return begun


def test_closing_stops_within_a_token_and_the_question_stays_open(folder, monkeypatch):
    teacher = LocalTeacher(folder, device="cpu")
    begun = slow_tokens(teacher, monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(teacher.answer, ask("a", most=100))
        assert begun.wait(10)
        start = time.monotonic()
        teacher.close()
        assert time.monotonic() - start < 5
        with pytest.raises(Unanswered):
            waiting.result(timeout=5)
    with pytest.raises(TeacherError, match="was closed"):
        teacher.answer(ask("a"))
    teacher.close()


def workers():
    return [thread for thread in threading.enumerate() if thread.name == "emo-hub-local"]


def test_a_teacher_that_nobody_holds_ends_its_thread(folder):
    before = len(workers())
    teacher = LocalTeacher(folder, device="cpu")
    assert len(workers()) == before + 1
    del teacher
    gc.collect()
    assert len(workers()) == before


def test_a_program_that_forgets_to_close_ends_at_once(folder):
    code = f"""
        import threading, time
        from emo_hub.teacher import Prompt
        from emo_hub.teacher.local import LocalTeacher
        teacher = LocalTeacher({str(folder)!r}, device="cpu")
        chat = teacher._worker._chat
        forward = chat._model.forward
        begun = threading.Event()
        def slow(*args, **kwargs):
            begun.set()
            time.sleep(0.3)
            return forward(*args, **kwargs)
        chat._model.forward = slow
        chat._model.generation_config.eos_token_id = None
        prompt = Prompt("s", "v", (("user", "a"),), max_tokens=140)
        threading.Thread(target=teacher.answer, args=(prompt,), daemon=True).start()
        begun.wait(10)
        print("leaving", time.time(), flush=True)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60
    )
    left = time.time() - float(done.stdout.split()[-1])
    assert done.returncode == 0, done.stderr
    assert left < 15


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: make_model(path, None), "no chat template"),
        (lambda path: path.mkdir() or path, "cannot be loaded"),
        (lambda path: path.parent / "nobody-here" / "nothing", "cannot be loaded"),
    ],
)
def test_what_is_no_chat_model_is_refused_at_once(tmp_path, make, complaint):
    with pytest.raises(TeacherError, match=complaint):
        LocalTeacher(str(make(tmp_path / "model")), device="cpu")


def test_weights_that_are_no_safetensors_are_refused(folder, tmp_path):
    import shutil

    import torch
    from safetensors.torch import load_file

    copy = tmp_path / "unsafe"
    shutil.copytree(folder, copy)
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    with pytest.raises(TeacherError, match="cannot be loaded"):
        LocalTeacher(copy, device="cpu")


def test_damaged_weights_are_named_in_the_error(folder, tmp_path):
    import shutil

    copy = tmp_path / "damaged"
    shutil.copytree(folder, copy)
    data = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(data[:1000])
    with pytest.raises(TeacherError, match="damaged"):
        LocalTeacher(copy, device="cpu")


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 0},
        {"max_new_tokens": 0},
        {"repetition_penalty": 0.5},
        {"repetition_penalty": float("nan")},
        {"dtype": "int8"},
        {"dtype": "nonsense"},
        {"device": "toaster"},
    ],
)
def test_a_setting_out_of_range_is_refused(folder, settings):
    with pytest.raises(InputError):
        LocalTeacher(folder, **{"device": "cpu", **settings})


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"batchsize": 4}, "did you mean 'batch_size'"), ({"batch_size": "four"}, "wanted a int")],
)
def test_a_setting_of_the_command_line_that_is_unknown_or_of_another_type_is_refused(
    folder, settings, said
):
    from emo_hub.synthesis.teachers import TeacherChoice, make

    with pytest.raises(SettingsError, match=said):
        make(TeacherChoice("local", str(folder), settings=settings))


def test_the_stage_loop_feeds_whole_batches(folder, monkeypatch):
    from emo_hub.synthesis.stage import Stage, run

    with LocalTeacher(folder, device="cpu", dtype="float32", batch_size=4) as teacher:
        sizes = spy_on_batches(teacher, monkeypatch)
        stage = Stage("test", "test-1", lambda text: ask(text, most=8), lambda _, reply: [reply])
        found = run(stage, [*QUESTIONS, "x", "y"], teacher)
    assert found.calls == 12
    assert len(found.records) + len(found.rejections) == 12
    assert sizes[0] == 4
    assert sum(sizes) == 12
    assert len(sizes) <= 6
