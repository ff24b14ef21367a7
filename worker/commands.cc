#include "worker/commands.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "services/common/flags.h"
#include "worker/agent/check_command.h"
#include "worker/agent/eval_command.h"
#include "worker/agent/logits_command.h"
#include "worker/agent/preview_command.h"
#include "worker/agent/tokenize_command.h"
#include "worker/export/export_command.h"
#include "worker/serve/generate_command.h"
#include "worker/serve/serve_command.h"

namespace ropewalk {
namespace {

// How the base is held.
template <typename Options>
void AddStorageFlags(CLI::App* command, Options* options) {
  command
      ->add_option("--base-storage", options->base_storage,
                   "how its linear layers are held; default: as the folder has them")
      ->check(CLI::IsMember({"float32", "bf16", "float16", "int8", "nf4"}));
  command
      ->add_option("--double-quantization", options->double_quantization,
                   "whether the scales of nf4 are quantised, too")
      ->capture_default_str();
}

Command AddEval(CLI::App& app) {
  CLI::App* eval = app.add_subcommand(
      "eval", "Measure loss and exact matches of a base, perhaps with an adapter");
  auto options = std::make_shared<EvalOptions>();
  eval->add_option("--base", options->base, "model folder")->required();
  AddStorageFlags(eval, options.get());
  eval->add_option("--adapter", options->adapter, "PEFT folder");
  eval->add_option("--data", options->data, "JSONL file")->required();
  eval->add_option("--samples", options->samples, "rows to show")->capture_default_str();
  eval->add_option("--max-new-tokens", options->max_new_tokens)->capture_default_str();
  eval->add_option("-o,--output", options->output)
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  return {eval, [options] { return RunEval(*options, std::cout); }};
}

void AddTextFlags(CLI::App* app, TextOptions* options) {
  app->add_option("--prompt", options->prompt)->required();
  app->add_option("--max-new-tokens", options->max_new_tokens)->capture_default_str();
  app->add_option("--stop", options->stop, "ends the text; may be given several times")
      ->allow_extra_args(false);
  SamplingOptions& sampling = options->sampling;
  app->add_option("--temperature", sampling.temperature, "0: always the likeliest token")
      ->capture_default_str();
  app->add_option("--top-k", sampling.top_k, "only the K likeliest tokens; 0: all")
      ->capture_default_str();
  app->add_option("--top-p", sampling.top_p, "only the likeliest tokens with this probability")
      ->capture_default_str();
  app->add_option("--min-p", sampling.min_p, "only tokens with this share of the likeliest's")
      ->capture_default_str();
  app->add_option("--repetition-penalty", sampling.repetition_penalty, "1: none")
      ->capture_default_str();
  app->add_option("--seed", sampling.seed)->capture_default_str();
}

Command AddGenerate(CLI::App& app, const Termination* termination) {
  CLI::App* generate = app.add_subcommand("generate", "Continue a text");
  auto options = std::make_shared<GenerateOptions>();
  CLI::Option* server = generate->add_option(
      "--server", options->server, "host:port of `ropewalk-worker serve`, which then does it");
  generate->add_option("--base", options->base, "model folder; needed without --server");
  AddStorageFlags(generate, options.get());
  generate->add_option("--adapter", options->adapter, "PEFT folder, or the server's name for one");
  AddTextFlags(generate, &options->text);
  generate->callback([=] {
    if (server->count() == 0 && options->base.empty()) throw CLI::RequiredError("--base");
  });
  return {generate, [=] { return RunGenerate(*options, *termination, std::cout); }};
}

Command AddServe(CLI::App& app, const Termination* termination, std::string* log_level) {
  CLI::App* serve = app.add_subcommand(
      "serve", "Continue texts for others: GenerationService, with any number of adapters");
  auto options = std::make_shared<ServeOptions>();
  serve->add_option("--base", options->base, "model folder")->required();
  AddStorageFlags(serve, options.get());
  serve->add_option("--adapter", options->adapters, "NAME=PEFT folder; may be given several times")
      ->allow_extra_args(false);
  serve->add_option("--max-batch", options->limits.max_batch, "texts continued together")
      ->capture_default_str();
  serve->add_option("--max-queue", options->limits.max_queue, "texts that may wait")
      ->capture_default_str();
  serve
      ->add_option("--max-cached-tokens", options->limits.max_cached_tokens,
                   "tokens, prompts among them, of the texts continued together")
      ->capture_default_str();
  serve->add_option("--threads", options->limits.threads, "0: one a core")->capture_default_str();
  AddServerFlags(*serve, &options->server, log_level);
  return {serve, [=] { return RunServe(*options, *termination); }};
}

Command AddExport(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("export", "Write an adapter as a whole model, or as GGUF for llama.cpp");
  auto options = std::make_shared<ExportOptions>();
  command->add_option("--base", options->base, "model folder")->required();
  command->add_option("--adapter", options->adapter, "PEFT folder")->required();
  command->add_option("--as", options->as)->required()->check(CLI::IsMember({"merged", "gguf"}));
  command->add_option("--to", options->to, "the new folder, or the new GGUF file")->required();
  return {command, [options] { return RunExport(*options); }};
}

Command AddCheck(CLI::App& app) {
  CLI::App* check =
      app.add_subcommand("check", "Read a job's inputs as a worker would, and train nothing");
  auto options = std::make_shared<CheckOptions>();
  check->add_option("--job", options->job, "a job's spec as JSON; its base and data local paths")
      ->required();
  return {check, [options] { return RunCheck(*options, std::cout); }};
}

Command AddPreview(CLI::App& app) {
  CLI::App* preview = app.add_subcommand("preview", "Show what a job's first steps train on");
  auto options = std::make_shared<PreviewOptions>();
  preview->add_option("--job", options->job, "a job's spec as JSON; its base and data local paths")
      ->required();
  preview->add_option("--steps", options->steps)->capture_default_str();
  preview->add_option("-o,--output", options->output)
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  return {preview, [options] { return RunPreview(*options, std::cout); }};
}

Command AddTokenize(CLI::App& app) {
  CLI::App* tokenize =
      app.add_subcommand("tokenize", "Tokens of texts: JSON strings on standard input, one a line");
  auto options = std::make_shared<TokenizeOptions>();
  tokenize->add_option("--base", options->base, "model folder")->required();
  tokenize->add_flag("--offsets", options->offsets, "with the bytes that each token stands for");
  tokenize->add_flag("--decode", options->decode, "with the text that the tokens decode to");
  return {tokenize, [options] { return RunTokenize(*options, std::cin, std::cout); }};
}

Command AddLogits(CLI::App& app) {
  CLI::App* logits = app.add_subcommand(
      "logits", "Write a model's logits for given tokens, to compare with other implementations");
  auto options = std::make_shared<LogitsOptions>();
  logits->add_option("--base", options->base, "model folder")->required();
  logits->add_option("--adapter", options->adapter, "PEFT folder");
  logits->add_option("--tokens", options->tokens, "JSON file: a list of lists of token ids")
      ->required();
  logits->add_option("--output", options->output, "safetensors file to write")->required();
  logits->add_option("--precision", options->precision)
      ->check(CLI::IsMember({"float32", "bf16"}))
      ->capture_default_str();
  logits->add_flag("--gradients", options->gradients,
                   "the gradients of the summed loss by the base's weights, too");
  return {logits, [options] { return RunLogits(*options); }};
}

}  // namespace

std::vector<Command> AddCommands(CLI::App& app, const Termination* termination,
                                 std::string* log_level) {
  return {AddEval(app),
          AddGenerate(app, termination),
          AddServe(app, termination, log_level),
          AddExport(app),
          AddCheck(app),
          AddPreview(app),
          AddTokenize(app),
          AddLogits(app)};
}

}  // namespace ropewalk
