#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "services/common/flags.h"
#include "services/common/logging.h"
#include "worker/agent/check_command.h"
#include "worker/agent/eval_command.h"
#include "worker/agent/generate_command.h"
#include "worker/agent/passive_waiting.h"
#include "worker/agent/tokenize_command.h"
#include "worker/agent/worker_process.h"
#include "worker/ring/tune_process.h"

namespace {

void AddWorkerFlags(CLI::App& app, ropewalk::WorkerOptions* options, std::string* log_level) {
  options->server.listen_address = "127.0.0.1:7090";
  options->server.http_address = "127.0.0.1:7091";
  ropewalk::AddServerFlags(app, &options->server, log_level);
  app.add_option("--name", options->name,
                 "stays the same when the worker starts again; default: the host's name");
  app.add_option("--advertise", options->advertise,
                 "host:port at which other workers reach this one; default: found out");
  app.add_option("--coordinator", options->coordinator, "host:port")->capture_default_str();
  app.add_option("--registry", options->registry, "host:port")->capture_default_str();
  app.add_option("--cache", options->cache,
                 "folder for models and data; may be deleted when no worker runs")
      ->capture_default_str();
  app.add_option("--threads", options->threads, "0: one a core")->capture_default_str();
}

CLI::App* AddEval(CLI::App& app, ropewalk::EvalOptions* options) {
  CLI::App* eval = app.add_subcommand(
      "eval", "Measure loss and exact matches of a base, perhaps with an adapter");
  eval->add_option("--base", options->base, "model folder")->required();
  eval->add_option("--adapter", options->adapter, "PEFT folder");
  eval->add_option("--data", options->data, "JSONL file")->required();
  eval->add_option("--samples", options->samples, "rows to show")->capture_default_str();
  eval->add_option("--max-new-tokens", options->max_new_tokens)->capture_default_str();
  eval->add_option("-o,--output", options->output)
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  return eval;
}

CLI::App* AddGenerate(CLI::App& app, ropewalk::GenerateOptions* options) {
  CLI::App* generate = app.add_subcommand("generate", "Continue a text greedily");
  generate->add_option("--base", options->base, "model folder")->required();
  generate->add_option("--adapter", options->adapter, "PEFT folder");
  generate->add_option("--prompt", options->prompt)->required();
  generate->add_option("--max-new-tokens", options->max_new_tokens)->capture_default_str();
  return generate;
}

CLI::App* AddCheck(CLI::App& app, ropewalk::CheckOptions* options) {
  CLI::App* check =
      app.add_subcommand("check", "Read a job's inputs as a worker would, and train nothing");
  check->add_option("--base", options->base, "model folder");
  check->add_option("--data", options->data, "JSONL files");
  return check;
}

CLI::App* AddTokenize(CLI::App& app, ropewalk::TokenizeOptions* options) {
  CLI::App* tokenize =
      app.add_subcommand("tokenize", "Tokens of texts: JSON strings on standard input, one a line");
  tokenize->add_option("--base", options->base, "model folder")->required();
  tokenize->add_flag("--offsets", options->offsets, "with the bytes that each token stands for");
  tokenize->add_flag("--decode", options->decode, "with the text that the tokens decode to");
  return tokenize;
}

}  // namespace

int main(int argc, char** argv) {
  ropewalk::WaitPassively(argv);
  ropewalk::TuneProcessForRing();
  const ropewalk::Termination termination;
  CLI::App app("Trains for a coordinator.", "ropewalk-worker");
  ropewalk::WorkerOptions worker;
  ropewalk::EvalOptions eval_options;
  ropewalk::GenerateOptions generate_options;
  ropewalk::CheckOptions check_options;
  ropewalk::TokenizeOptions tokenize_options;
  std::string log_level = "info";
  AddWorkerFlags(app, &worker, &log_level);
  const CLI::App* eval = AddEval(app, &eval_options);
  const CLI::App* generate = AddGenerate(app, &generate_options);
  const CLI::App* check = AddCheck(app, &check_options);
  const CLI::App* tokenize = AddTokenize(app, &tokenize_options);
  ropewalk::BindStandardFlags(app);
  if (const auto exit_code = ropewalk::ParseFlags(app, argc, argv)) return *exit_code;

  absl::Status status = ropewalk::InitLogging("ropewalk-worker", log_level);
  const bool serves =
      !eval->parsed() && !generate->parsed() && !check->parsed() && !tokenize->parsed();
  if (status.ok() && serves) status = ropewalk::RunWorker(worker, termination);
  if (status.ok() && eval->parsed()) status = ropewalk::RunEval(eval_options, std::cout);
  if (status.ok() && generate->parsed())
    status = ropewalk::RunGenerate(generate_options, std::cout);
  if (status.ok() && check->parsed()) status = ropewalk::RunCheck(check_options);
  if (status.ok() && tokenize->parsed())
    status = ropewalk::RunTokenize(tokenize_options, std::cin, std::cout);
  if (status.ok()) return 0;
  // A server's errors belong to its log; a command's are for the person who called it.
  if (serves) ropewalk::LogError("cannot go on", {{"error", status.ToString()}});
  if (!serves) std::cerr << status.message() << "\n";
  return 1;
}
