// Measures how fast this machine generates: prompts taken in and tokens made, on a model of random
// weights in a published shape or on any model folder. `generate_bench --help` lists the options.
//
// What it prints:
//   prompt tokens/s  of prompts that are taken in one at a time
//   tokens/s         of so many texts that are continued together, all of them counted
//   GB/s             the weights that a pass over single tokens reads, by the time of the pass
//   share            of the speed at which this process's threads read memory and do nothing else

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "services/common/status_macros.h"
#include "tests/bench/generate/generation_run.h"
#include "tests/bench/generate/random_adapters.h"
#include "tests/bench/generate/read_bandwidth.h"
#include "tests/bench/train/model_shapes.h"
#include "tests/bench/train/random_model.h"
#include "worker/model/model_folder.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/passive_waiting.h"
#include "worker/train/base_storage.h"
#include "worker/train/inference_model.h"

namespace ropewalk {
namespace {

struct Options {
  std::string shape = "smollm2-135m";
  std::string model;
  std::string storage;
  std::vector<int64_t> texts = {1, 4, 16};
  int64_t prompt = 512;
  int64_t context = 128;
  int64_t new_tokens = 64;
  int adapters = 0;
  int threads = 2;
  double seconds = 3;
  std::string json;
};

void AddOptions(CLI::App* app, Options* options) {
  app->add_option("--shape", options->shape, absl::StrJoin(ShapeNames(), ", "))
      ->capture_default_str();
  app->add_option("--model", options->model,
                  "a Hugging Face folder; default: the shape's, made in the folder for temporary "
                  "files and kept there");
  app->add_option("--storage", options->storage,
                  "how the base's linear layers are held, as a job's base_storage; default: as the "
                  "folder has them");
  app->add_option("--texts", options->texts, "numbers of texts that are continued together")
      ->capture_default_str();
  app->add_option("--prompt", options->prompt, "tokens of a prompt whose taking in is measured")
      ->capture_default_str();
  app->add_option("--context", options->context, "tokens of the prompts that are continued")
      ->capture_default_str();
  app->add_option("--new-tokens", options->new_tokens, "tokens of a text after its prompt")
      ->capture_default_str();
  app->add_option("--adapters", options->adapters,
                  "random LoRA adapters, r = 16 on every linear layer, that texts have in turn")
      ->capture_default_str();
  app->add_option("--threads", options->threads)->capture_default_str();
  app->add_option("--seconds", options->seconds, "least time of each measurement")
      ->capture_default_str();
  app->add_option("--json", options->json, "file to append an object for each measurement to");
}

absl::StatusOr<std::string> FolderOfShape(const std::string& shape) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("ropewalk-" + shape);
  if (std::filesystem::exists(folder / "config.json")) return folder.string();
  ASSIGN_OR_RETURN(const std::string config, ShapeConfig(shape));
  RETURN_IF_ERROR(WriteRandomModel(folder.string(), config));
  return folder.string();
}

class Bench {
 public:
  Bench(const Options& options, InferenceModel* model)
      : options_(options),
        model_(*model),
        bytes_(model->BytesOfPass()),
        bandwidth_(ReadBandwidth()) {
    std::printf("%s: a pass reads %.0f MB of weights; %d threads read memory at %.1f GB/s\n",
                options.shape.c_str(), 1e-6 * bytes_, options.threads, 1e-9 * bandwidth_);
  }

  void MeasurePrompts() const {
    const GenerationRun run =
        RunGeneration({1, options_.prompt, /*new_tokens=*/1, options_.seconds}, &model_);
    const double speed = options_.prompt / run.prompt_seconds;
    std::printf("prompts of %lld: %.0f prompt tokens/s\n", static_cast<long long>(options_.prompt),
                speed);
    Append({{"prompt", options_.prompt}, {"prompt_tokens_per_second", speed}});
  }

  void MeasureTokens(int64_t texts) const {
    const GenerationRun run =
        RunGeneration({texts, options_.context, options_.new_tokens, options_.seconds}, &model_);
    const double speed = texts / run.token_seconds, read = bytes_ / run.token_seconds;
    std::printf("%lld texts: %.1f tokens/s, %.2f ms a pass, %.1f GB/s, share %.3f\n",
                static_cast<long long>(texts), speed, 1e3 * run.token_seconds, 1e-9 * read,
                read / bandwidth_);
    Append({{"texts", texts},
            {"context", options_.context},
            {"tokens_per_second", speed},
            {"pass_seconds", run.token_seconds},
            {"bytes_per_second", read},
            {"share", read / bandwidth_}});
  }

 private:
  void Append(const nlohmann::ordered_json& measured) const {
    if (options_.json.empty()) return;
    nlohmann::ordered_json line = {{"system", "ropewalk"},
                                   {"shape", options_.shape},
                                   {"storage", options_.storage},
                                   {"adapters", options_.adapters},
                                   {"threads", options_.threads},
                                   {"pass_bytes", bytes_},
                                   {"read_bytes_per_second", bandwidth_}};
    line.update(measured);
    std::ofstream(options_.json, std::ios::app) << line.dump() << "\n";
  }

  const Options& options_;
  InferenceModel& model_;
  const int64_t bytes_;
  const double bandwidth_;
};

absl::Status Run(Options options) {
  SetThreads(options.threads);
  if (options.model.empty()) {
    ASSIGN_OR_RETURN(options.model, FolderOfShape(options.shape));
  } else {
    options.shape = options.model;
  }
  ASSIGN_OR_RETURN(const WantedStorage storage,
                   ParseWantedStorage(options.storage, /*double_quantization=*/false));
  ASSIGN_OR_RETURN(const ModelFolder folder, ModelFolder::Open(options.model));
  RandomAdapters adapters;
  ASSIGN_OR_RETURN(const std::vector<NamedAdapter> named,
                   adapters.Write(folder.config(), options.adapters));
  ASSIGN_OR_RETURN(const std::unique_ptr<InferenceModel> model,
                   InferenceModel::Open(options.model, named, MatMulPrecision::kFull, storage));
  const Bench bench(options, model.get());
  bench.MeasurePrompts();
  for (const int64_t texts : options.texts) bench.MeasureTokens(texts);
  return absl::OkStatus();
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  ropewalk::WaitPassively(argv);
  ropewalk::Options options;
  CLI::App app("Measures tokens a second of generation on this machine");
  ropewalk::AddOptions(&app, &options);
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = ropewalk::Run(options);
  if (status.ok()) return 0;
  std::cerr << status.message() << "\n";
  return 1;
}
