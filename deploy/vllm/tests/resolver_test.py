"""The plug-in against a registry that obeys the test: python3 -m unittest resolver_test, in this folder.

Needs huggingface_hub; vLLM is faked.
"""

import asyncio
import json
import os
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

HOME = tempfile.TemporaryDirectory(prefix="ropewalk-vllm-home-")
# What the plug-in must leave alone.
os.environ.update(HF_HOME=HOME.name, HF_TOKEN="hf_ofhuggingfaceco", HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_DISABLE_PROGRESS_BARS="1",
                  HF_HUB_DISABLE_TELEMETRY="1")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import fake_vllm  # noqa: E402

fake_vllm.install()

from fake_registry import FakeRegistry, sibling  # noqa: E402
from ropewalk_vllm import registry as registry_module  # noqa: E402
from ropewalk_vllm import resolver as resolver_module  # noqa: E402
from ropewalk_vllm.resolver import RopewalkResolver  # noqa: E402
from ropewalk_vllm.settings import Settings, parse_base_models, read_settings  # noqa: E402

BASE = "org/base"
DIGEST = "ab" * 32
CONFIG = {"peft_type": "LORA", "base_model_name_or_path": BASE, "r": 8}
WEIGHTS = "adapter_model.safetensors"
CARD = "# alice/sql\n\nA LoRA adapter of `base` (`models/local/base/versions/{}`), made by Ropewalk.\n"


def adapter(weights=b"weights", config=CONFIG, **more):
    return {"adapter_config.json": json.dumps(config).encode(), WEIGHTS: weights, "empty.txt": b"", "sub/state.bin": b"not for vLLM", **more}


class ResolverTest(unittest.TestCase):
    def setUp(self):
        self.registry = FakeRegistry()
        self.addCleanup(self.registry.stop)
        folder = tempfile.TemporaryDirectory(prefix="ropewalk-vllm-")
        self.addCleanup(folder.cleanup)
        self.cache = pathlib.Path(folder.name) / "cache"
        self.resolver = self.make()
        self.commit = self.registry.push("alice/sql", adapter(), "main", "v1")

    def make(self, base_models="", token=None, timeout=20.0):
        return RopewalkResolver(Settings(self.registry.url, token, self.cache, parse_base_models(base_models), timeout))

    def resolve(self, name, base=BASE, resolver=None):
        return asyncio.run((resolver or self.resolver).resolve_lora(base, name))

    def folder(self, name, **more):
        request = self.resolve(name, **more)
        self.assertIsNotNone(request, f"{name} is not resolved")
        return pathlib.Path(request.lora_path)

    def refuses(self, name, why, **more):
        with self.assertLogs("vllm.plugins.ropewalk", "WARNING") as logs:
            self.assertIsNone(self.resolve(name, **more))
        self.assertRegex("\n".join(logs.output), why)

    def downloads(self):
        return self.registry.count(rf"^GET .*/resolve/.*{WEIGHTS}")


class NamesTest(ResolverTest):
    def test_a_name_alone_is_main_and_a_revision_may_be_tag_or_commit(self):
        self.registry.push("alice/sql", adapter(b"old"), "v0")
        for name in ("alice/sql", "alice/sql@main", "alice/sql@v1", f"alice/sql@{self.commit}"):
            request = self.resolve(name)
            self.assertEqual(request.lora_name, name)
            self.assertGreaterEqual(request.lora_int_id, 1)
            self.assertTrue(os.path.isabs(request.lora_path))
            self.assertEqual(pathlib.Path(request.lora_path).name, self.commit)
        self.assertEqual((self.folder("alice/sql@v0") / WEIGHTS).read_bytes(), b"old")

    def test_names_of_others_are_left_to_them_without_asking_the_registry(self):
        for name in ("", "sql", "/etc/passwd", "../sql", "alice/..", "alice/../sql", "alice/sql/sub", "alice/sql@", "alice/sql@../v1",
                     "alice/sql@v..1", "alice/sql@v1/x", "alice/sql@v1@v2", "alice//sql", "alice/.sql", "alice/s..ql", "alice/sql\n",
                     "alice/sql@v1\n", "alice\\sql", "alice/sq\0l", "%2e%2e/sql", "alice/" + "x" * 97):
            self.assertIsNone(self.resolve(name), name)
        self.assertEqual(self.registry.requests, [])
        self.assertFalse(self.cache.exists())

    def test_what_the_registry_does_not_have_is_nobodys_and_leaves_no_folder(self):
        self.refuses("alice/none", "alice/none@main is not loaded: .* has no such adapter")
        self.refuses("alice/sql@none", "no such adapter or revision")
        self.refuses("alice/sql--x", "no repository's name")
        self.assertFalse(self.cache.exists())

    def test_a_commit_that_the_registry_answers_with_another_one_is_refused(self):
        self.registry.refs["alice/sql", "c" * 40] = self.commit
        self.refuses("alice/sql@" + "c" * 40, "says that it is the commit")

    def test_a_commit_that_is_none_is_refused(self):
        self.registry.refs["alice/sql", "v1"] = "../../evil"
        self.refuses("alice/sql@v1", "says that it is the commit")


class DownloadTest(ResolverTest):
    def test_a_folder_has_the_files_at_the_top_and_nothing_else(self):
        folder = self.folder("alice/sql@v1")
        self.assertEqual({entry.name for entry in folder.iterdir()}, {"adapter_config.json", WEIGHTS, "empty.txt"})
        for path in folder.iterdir():
            self.assertEqual(path.read_bytes(), adapter()[path.name])
            self.assertFalse(path.is_symlink())

    def test_what_is_there_is_not_downloaded_again(self):
        first = self.folder("alice/sql@v1")
        self.assertEqual(self.folder("alice/sql"), first)
        self.assertEqual(self.folder("alice/sql", resolver=self.make()), first)
        self.assertEqual(self.downloads(), 1)

    def test_a_tag_that_moved_has_another_folder_and_the_old_one_stays(self):
        old = self.folder("alice/sql@v1")
        self.registry.push("alice/sql", adapter(b"newer"), "v1")
        new = self.folder("alice/sql@v1")
        self.assertEqual(((old / WEIGHTS).read_bytes(), (new / WEIGHTS).read_bytes()), (b"weights", b"newer"))

    def test_damaged_copies_are_replaced(self):
        def overwrite(folder):
            (folder / WEIGHTS).write_bytes(b"weighty")  # As long as what was there.

        def overwrite_small(folder):
            (folder / "adapter_config.json").write_bytes(adapter()["adapter_config.json"].replace(b"8", b"9"))

        def link(folder):
            elsewhere = self.cache / "elsewhere"
            elsewhere.write_bytes(b"weights")
            (folder / WEIGHTS).unlink()
            (folder / WEIGHTS).symlink_to(elsewhere)

        def link_folder(folder):
            folder.rename(self.cache / "moved")
            folder.symlink_to(self.cache / "moved")

        def add(folder):
            (folder / "adapter_model.bin").write_bytes(b"x")

        for damage in (overwrite, overwrite_small, link, link_folder, add, lambda folder: (folder / WEIGHTS).unlink()):
            with self.subTest(damage.__name__):
                folder = self.folder("alice/sql@v1")
                damage(folder)
                before = self.downloads()
                with self.assertLogs("vllm.plugins.ropewalk", "WARNING"):
                    self.assertEqual(self.folder("alice/sql@v1"), folder)
                self.assertEqual(self.downloads(), before + 1)
                self.assertFalse(folder.is_symlink() or (folder / WEIGHTS).is_symlink())
                self.assertEqual({entry.name: entry.read_bytes() for entry in folder.iterdir()},
                                 {path: contents for path, contents in adapter().items() if "/" not in path})

    def test_files_with_other_digests_than_promised_are_refused_and_not_kept(self):
        for path in (WEIGHTS, "adapter_config.json"):
            self.registry.tampered = {path: adapter()[path][:-1] + b"!"}
            self.refuses("alice/sql@v1", f"{path}, as it came from .*, has not the digest")
            self.assertEqual(list(self.cache.rglob(path)), [])
        self.registry.tampered = {}
        self.folder("alice/sql@v1")

    def test_paths_that_lead_out_of_the_folder_are_refused(self):
        for path in ("../evil", "/etc/evil", "sub/../../evil", "a\\..\\evil", "./evil", "sub//evil", "evil\n"):
            self.registry.more_siblings = [sibling(path, b"evil")]
            self.refuses("alice/sql@v1", "could lead out")
        self.assertEqual(self.downloads(), 0)

    def test_files_without_digests_are_refused(self):
        self.registry.more_siblings = [{"rfilename": "more.txt"}]
        self.refuses("alice/sql@v1", "no size or no digest of more.txt")

    def test_a_namespace_that_is_a_link_is_refused(self):
        folder = self.folder("alice/sql@v1").parent
        folder.rename(self.cache / "moved")
        folder.symlink_to(self.cache / "moved")
        self.refuses("alice/sql@v1", "remove the link")

    def test_a_download_that_broke_off_is_gone_on_with(self):
        self.registry.tampered = {WEIGHTS: None}
        self.refuses("alice/sql@v1", f"{WEIGHTS} does not come")
        self.registry.tampered = {}
        self.folder("alice/sql@v1")
        self.assertEqual(self.registry.count("^GET .*adapter_config.json"), 1)

    def test_only_its_own_token_goes_to_the_registry(self):
        self.folder("alice/sql@v1")
        self.assertEqual(self.registry.tokens, {None})
        self.registry.tokens.clear()
        self.registry.push("alice/other", adapter(), "main")
        self.folder("alice/other", resolver=self.make(token="hf_ours"))
        self.assertEqual(self.registry.tokens, {"Bearer hf_ours"})

    def test_the_caches_of_the_hub_stay_as_they_are(self):
        self.folder("alice/sql@v1")
        self.assertEqual(list(pathlib.Path(HOME.name).rglob("*alice*")), [])
        self.assertEqual(os.environ["HF_ENDPOINT"], "http://127.0.0.1:9")

    def test_two_registries_in_one_cache_keep_apart(self):
        other = FakeRegistry()
        self.addCleanup(other.stop)
        other.push("alice/sql", adapter(b"of another"), "v1")
        self.folder("alice/sql@v1")
        theirs = self.folder("alice/sql@v1", resolver=RopewalkResolver(Settings(other.url, None, self.cache, {})))
        self.assertEqual((theirs / WEIGHTS).read_bytes(), b"of another")
        self.registry.stop()
        self.assertEqual((self.folder("alice/sql@v1") / WEIGHTS).read_bytes(), b"weights")


class ConcurrencyTest(ResolverTest):
    def test_those_who_want_one_adapter_at_once_download_it_once_while_the_loop_goes_on(self):
        names = ["alice/sql", "alice/sql@v1", f"alice/sql@{self.commit}"] * 2
        resolvers = [self.resolver, self.make()]  # As two processes would have.
        self.registry.answering.clear()

        async def run():
            tasks = [asyncio.ensure_future(resolvers[i % 2].resolve_lora(BASE, name)) for i, name in enumerate(names)]
            await asyncio.to_thread(self.registry.wait_until, lambda: self.registry.count("/api/models/") == len(names) and self.downloads() == 1)
            self.assertFalse(any(task.done() for task in tasks))
            self.registry.answering.set()
            return await asyncio.gather(*tasks)

        self.assertEqual(len({request.lora_path for request in asyncio.run(run())}), 1)
        self.assertEqual(self.downloads(), 1)

    def test_what_takes_too_long_is_given_up_and_can_be_had_later(self):
        self.registry.answering.clear()
        self.refuses("alice/sql@v1", "ROPEWALK_VLLM_TIMEOUT", resolver=self.make(timeout=0.2))
        self.registry.answering.set()
        self.folder("alice/sql@v1")


class OutageTest(ResolverTest):
    def test_a_registry_that_is_down_is_answered_for_by_the_cache(self):
        folder = self.folder("alice/sql@v1")
        self.registry.stop()
        for name in ("alice/sql@v1", f"alice/sql@{self.commit}", f"alice/sql@{self.commit}{'0' * 24}"):
            with self.assertLogs("vllm.plugins.ropewalk", "WARNING") as logs:
                self.assertEqual(self.folder(name), folder)
            self.assertIn(f"is taken from the cache, commit {self.commit}", logs.output[0])
        self.refuses("alice/sql", "cannot be reached .* does not have it")  # It was never seen where `main` was.
        self.refuses("alice/none@v1", "cannot be reached")

    def test_so_is_one_that_answers_with_errors_or_not_at_all(self):
        folder = self.folder("alice/sql@v1")
        for status in (429, 500, 503):
            self.registry.status = status
            with self.assertLogs("vllm.plugins.ropewalk", "WARNING"):
                self.assertEqual(self.folder("alice/sql@v1"), folder)
        self.registry.status = 200
        self.registry.answering_questions.clear()
        with unittest.mock.patch.object(registry_module, "CALL_TIMEOUT", 0.2), self.assertLogs("vllm.plugins.ropewalk", "WARNING"):
            self.assertEqual(self.folder("alice/sql@v1"), folder)

    def test_the_cache_does_not_overrule_a_registry_that_says_no(self):
        self.folder("alice/sql@v1")
        for status in (401, 403):
            self.registry.status = status
            self.refuses("alice/sql@v1", "ROPEWALK_TOKEN")
        self.registry.status = 200
        del self.registry.refs["alice/sql", "v1"]
        self.refuses("alice/sql@v1", "no such adapter")

    def test_a_damaged_copy_is_not_loaded_while_it_cannot_be_mended(self):
        (self.folder("alice/sql@v1") / WEIGHTS).write_bytes(b"weighty")
        self.registry.stop()
        self.refuses("alice/sql@v1", "is damaged")

    def test_errors_of_this_machine_are_logged_and_not_raised(self):
        self.cache.write_text("not a folder")
        self.refuses("alice/sql@v1", "NotADirectoryError|FileExistsError")


class BaseModelTest(ResolverTest):
    def push(self, config=CONFIG, **files):
        self.registry.push("alice/x", adapter(config={**CONFIG, **config}, **files), "main")

    def test_an_adapter_of_another_base_is_refused_before_its_weights_come(self):
        self.refuses("alice/sql@v1", "it is for org/base, and org/other is served; .* ROPEWALK_BASE_MODELS", base="org/other")
        self.assertEqual(self.downloads(), 0)
        self.folder("alice/sql@v1")
        self.refuses("alice/sql@v1", "it is for org/base", base="org/other")  # Also one that is here.

    def test_other_names_of_the_served_base_count(self):
        named = self.make("/models/base = org/base, org/base-v2; org/other = org/z")
        self.folder("alice/sql@v1", base="/models/base/", resolver=named)
        self.refuses("alice/sql@v1", "it is for", base="org/other", resolver=named)

    def test_the_cards_base_counts(self):
        self.push({"base_model_name_or_path": "/home/alice/base"})
        self.refuses("alice/x", "it is for /home/alice/base")
        for card in (BASE, ["org/z", BASE]):
            self.registry.card = {"base_model": card}
            self.folder("alice/x")

    def test_digests_decide_where_both_sides_have_one(self):
        self.push({"base_model_name_or_path": "local"}, **{"README.md": CARD.format(DIGEST).encode()})
        self.folder("alice/x", resolver=self.make(f"org/base=sha256:{DIGEST}"))
        self.push(**{"README.md": CARD.format("cd" * 32).encode()})
        self.folder("alice/x")
        self.refuses("alice/x", "it is for org/base or sha256:cdcd", resolver=self.make(f"org/base=sha256:{DIGEST}"))

    def test_what_vllm_cannot_load_is_refused(self):
        self.push({"peft_type": "IA3"})
        self.refuses("alice/x", "peft_type is 'IA3'")
        for config in (b"{", b"[]", b"{}", b"\xff"):
            self.registry.push("alice/x", {**adapter(), "adapter_config.json": config}, "main")
            self.refuses("alice/x", "no adapter_config.json with peft_type")
        for missing in ("adapter_config.json", WEIGHTS):
            self.registry.push("alice/x", {path: contents for path, contents in adapter().items() if path != missing}, "main")
            self.refuses("alice/x", "it has no (weights|adapter_config.json)")
        self.registry.push("alice/x", {}, "main")
        self.refuses("alice/x", "no weights")


class SettingsTest(unittest.TestCase):
    def test_reads_the_environment(self):
        settings = read_settings({"ROPEWALK_REGISTRY_URL": "http://registry:7081/", "XDG_CACHE_HOME": "/xdg", "ROPEWALK_VLLM_TIMEOUT": "5"})
        self.assertEqual((settings.url, settings.token, settings.timeout), ("http://registry:7081", None, 5))
        self.assertEqual(settings.cache, pathlib.Path("/xdg/ropewalk/vllm"))
        settings = read_settings({"ROPEWALK_REGISTRY_URL": "https://r", "ROPEWALK_TOKEN": "t", "ROPEWALK_VLLM_CACHE": "/c"})
        self.assertEqual((settings.token, settings.cache), ("t", pathlib.Path("/c")))

    def test_reads_base_models(self):
        self.assertEqual(parse_base_models(f" /m/base/ = org/base ,sha256:{DIGEST};\n other=x\nother=y;"),
                         {"/m/base": {"org/base", f"sha256:{DIGEST}"}, "other": {"x", "y"}})

    def test_errors_name_the_variable(self):
        for name, value in (("REGISTRY_URL", "registry:7081"), ("REGISTRY_URL", "ftp://r"), ("BASE_MODELS", "a"), ("BASE_MODELS", "a="),
                            ("BASE_MODELS", "=b"), ("BASE_MODELS", "a=sha256:12"), ("VLLM_TIMEOUT", "0"),
                            ("VLLM_TIMEOUT", "soon"), ("VLLM_TIMEOUT", "inf")):
            with self.assertRaisesRegex(ValueError, f"^ROPEWALK_{name}: "):
                read_settings({"ROPEWALK_REGISTRY_URL": "http://r", f"ROPEWALK_{name}": value})

    def test_registers_once_where_there_is_a_registry(self):
        resolvers = fake_vllm.LoRAResolverRegistry
        self.addCleanup(resolvers.resolvers.clear)
        with unittest.mock.patch.dict(os.environ):
            os.environ.pop("ROPEWALK_REGISTRY_URL", None)
            resolver_module.register()
            self.assertEqual(list(resolvers.get_supported_resolvers()), [])
            os.environ["ROPEWALK_REGISTRY_URL"] = "http://registry:7081"
            resolver_module.register()
            first = resolvers.get_resolver("Ropewalk")
            resolver_module.register()
            self.assertIs(resolvers.get_resolver("Ropewalk"), first)


if __name__ == "__main__":
    unittest.main()
