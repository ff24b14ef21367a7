// Measures how fast this machine trains: whole steps of a one-worker job, on a model of random
// weights in a published shape or on any model folder. `train_bench --help` lists the options; with
// --plan it only prints what training keeps in memory, part by part and array by array.
//
// What it prints of a case:
//   tokens/s      tokens of a step by the median time of a step, update and all
//   peak          the most memory that the process had, mapped files included, up to the last step
//   first step    seconds from the start of the process until the first step began
//   matmul share  the rate at which Ropewalk's layers make the step's products with frozen weights,
//                 as a share of oneDNN's own: the same shapes, measured alike and in turn right
//                 after training (step_matmuls.h says which)
//   in the step   of oneDNN's rate there, what the same products have within the step, where
//   factors
//                 come from memory and adapters' terms, SwiGLU, residuals and the logits'
//                 exponentials are done in the same ops
//   step share    the same if the whole step counts as the products' time: 1 would be a step that
//                 does nothing else

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "services/common/status_macros.h"
#include "tests/bench/train/bench_options.h"
#include "tests/bench/train/machine_ceilings.h"
#include "tests/bench/train/model_shapes.h"
#include "tests/bench/train/profile_table.h"
#include "tests/bench/train/random_model.h"
#include "tests/bench/train/step_matmuls.h"
#include "tests/bench/train/step_tokens.h"
#include "tests/bench/train/training_run.h"
#include "worker/model/model_folder.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/passive_waiting.h"

namespace ropewalk {
namespace {

// Makes the shape's folder, unless it is there already, where the memory that this takes does not
// count.
absl::StatusOr<std::string> FolderOfShape(const std::string& shape, const std::string& program) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("ropewalk-" + shape);
  if (std::filesystem::exists(folder / "config.json")) return folder.string();
  const std::string command =
      "'" + program + "' --shape '" + shape + "' --write-model '" + folder.string() + "'";
  if (std::system(command.c_str()) == 0) return folder.string();
  return absl::InvalidArgumentError("cannot make " + folder.string());
}

std::vector<BatchRows> RowsOfBatches(const TrainingRunOptions& options) {
  std::vector<BatchRows> batches;
  for (const std::vector<int64_t>& documents : MicroBatchesOf(options)) {
    BatchRows& rows = batches.emplace_back();
    for (const int64_t document : documents) {
      rows.tokens += options.documents[document].size();
      rows.targets += options.documents[document].size() - 1;
    }
  }
  return batches;
}

nlohmann::ordered_json Describe(const BenchOptions& options, const TrainingRun& run) {
  int64_t tokens = 0;
  size_t longest = 0;
  for (const std::vector<int32_t>& document : options.run.documents) {
    tokens += document.size();
    longest = std::max(longest, document.size());
  }
  return {{"system", "ropewalk"},
          {"shape", options.shape},
          {"sequence", longest},
          {"step_tokens", tokens},
          {"micro_batch_tokens", options.run.micro_batch_tokens},
          {"precision", options.run.precision},
          {"storage", options.run.storage},
          {"checkpointing", options.run.activation_checkpointing},
          {"threads", options.threads},
          {"tokens_per_second", tokens / run.MedianStep().seconds},
          {"weight_bytes", run.weight_bytes},
          {"peak_bytes", run.peak_bytes},
          {"loaded_bytes", run.loaded_bytes},
          {"first_step_seconds", run.first_step_seconds},
          {"steps", run.steps.size()},
          {"losses", run.losses}};
}

// Of the ops that make products with frozen weights.
double ProductSeconds(const OpTotals& ops) {
  double seconds = 0;
  for (const auto& [name, op] : ops) {
    if (absl::EndsWith(name, "product") || absl::EndsWith(name, "input gradient")) {
      seconds += op.seconds;
    }
  }
  return seconds;
}

void AddMatMuls(const ModelConfig& config, const TrainingRunOptions& options,
                const TrainingRun& run, nlohmann::ordered_json* result) {
  const std::vector<MatMulShape> shapes = FrozenMatMuls(config, RowsOfBatches(options));
  const MatMulSeconds seconds = MeasureMatMuls(shapes, options.precision == "bf16");
  const MeasuredStep& step = run.MedianStep();
  (*result)["matmul_share"] = seconds.onednn / seconds.own;
  (*result)["matmul_share_in_step"] = seconds.onednn / ProductSeconds(step.ops);
  (*result)["step_share"] = seconds.onednn / step.seconds;
  (*result)["onednn_gflops"] = 1e-9 * FlopsOf(shapes) / seconds.onednn;
}

void Print(const nlohmann::ordered_json& result) {
  std::printf(
      "%s, %s: %.0f tokens/s, weights %.2f GB, peak %.2f GB, first step after %.2f s",
      result["shape"].get<std::string>().c_str(), result["precision"].get<std::string>().c_str(),
      result["tokens_per_second"].get<double>(), 1e-9 * result["weight_bytes"].get<double>(),
      1e-9 * result["peak_bytes"].get<double>(), result["first_step_seconds"].get<double>());
  if (result.contains("matmul_share")) {
    std::printf(", matmul share %.2f, in the step %.2f, step share %.2f (oneDNN: %.0f GFLOP/s)",
                result["matmul_share"].get<double>(), result["matmul_share_in_step"].get<double>(),
                result["step_share"].get<double>(), result["onednn_gflops"].get<double>());
  }
  std::printf("\nlosses %s\n",
              absl::StrJoin(result["losses"].get<std::vector<double>>(), " ").c_str());
}

absl::Status Measure(BenchOptions options, const std::string& program) {
  TrainingRunOptions& run_options = options.run;
  if (run_options.model_folder.empty()) {
    ASSIGN_OR_RETURN(run_options.model_folder, FolderOfShape(options.shape, program));
  }
  if (options.plan) {
    ASSIGN_OR_RETURN(const MemoryPlan plan, PlanTraining(run_options));
    std::fputs(plan.Table().c_str(), stdout);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const ModelFolder folder, ModelFolder::Open(run_options.model_folder));
  run_options.documents =
      RandomDocuments(options.step_tokens, options.sequence, folder.config().vocab_size);
  if (!options.tokens.empty()) {
    ASSIGN_OR_RETURN(run_options.documents, ReadDocuments(options.tokens));
  }
  ASSIGN_OR_RETURN(const TrainingRun run, RunTraining(run_options));
  nlohmann::ordered_json result = Describe(options, run);
  if (options.matmuls) AddMatMuls(folder.config(), run_options, run, &result);
  Print(result);
  if (options.profile) {
    PrintProfile(run.MedianStep(), MeasureCeilings(run_options.precision == "bf16"));
  }
  if (!options.json.empty()) std::ofstream(options.json, std::ios::app) << result.dump() << "\n";
  return absl::OkStatus();
}

absl::Status Run(const BenchOptions& options, const std::string& program) {
  SetThreads(options.threads);
  if (options.write_model.empty()) return Measure(options, program);
  ASSIGN_OR_RETURN(const std::string config, ShapeConfig(options.shape));
  return WriteRandomModel(options.write_model, config);
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  ropewalk::WaitPassively(argv);
  ropewalk::BenchOptions options;
  CLI::App app("Measures tokens a second of training on this machine");
  ropewalk::AddBenchOptions(&app, &options);
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = ropewalk::Run(options, argv[0]);
  if (status.ok()) return 0;
  std::cerr << status.message() << "\n";
  return 1;
}
