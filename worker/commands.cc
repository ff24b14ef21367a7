#include "worker/commands.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "worker/agent/check_command.h"
#include "worker/agent/eval_command.h"
#include "worker/agent/generate_command.h"
#include "worker/agent/logits_command.h"
#include "worker/agent/preview_command.h"
#include "worker/agent/tokenize_command.h"

namespace ropewalk {
namespace {

Command AddEval(CLI::App& app) {
  CLI::App* eval = app.add_subcommand(
      "eval", "Measure loss and exact matches of a base, perhaps with an adapter");
  auto options = std::make_shared<EvalOptions>();
  eval->add_option("--base", options->base, "model folder")->required();
  eval->add_option("--adapter", options->adapter, "PEFT folder");
  eval->add_option("--data", options->data, "JSONL file")->required();
  eval->add_option("--samples", options->samples, "rows to show")->capture_default_str();
  eval->add_option("--max-new-tokens", options->max_new_tokens)->capture_default_str();
  eval->add_option("-o,--output", options->output)
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  return {eval, [options] { return RunEval(*options, std::cout); }};
}

Command AddGenerate(CLI::App& app) {
  CLI::App* generate = app.add_subcommand("generate", "Continue a text greedily");
  auto options = std::make_shared<GenerateOptions>();
  generate->add_option("--base", options->base, "model folder")->required();
  generate->add_option("--adapter", options->adapter, "PEFT folder");
  generate->add_option("--prompt", options->prompt)->required();
  generate->add_option("--max-new-tokens", options->max_new_tokens)->capture_default_str();
  return {generate, [options] { return RunGenerate(*options, std::cout); }};
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

std::vector<Command> AddCommands(CLI::App& app) {
  return {AddEval(app),    AddGenerate(app), AddCheck(app),
          AddPreview(app), AddTokenize(app), AddLogits(app)};
}

}  // namespace ropewalk
