// Measures how fast this machine trains: tokens a second of forward and backward passes over packed
// random documents, on a model of random weights. `train_bench --help` lists the options.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "nlohmann/json.hpp"
#include "ropewalk/v1/job_service.pb.h"
#include "services/common/status_macros.h"
#include "worker/model/config.h"
#include "worker/ops/packed_tokens.h"
#include "worker/peft/full.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/philox.h"
#include "worker/train/transformer_trainable.h"

namespace ropewalk {
namespace {

struct Options {
  int hidden = 192;
  int layers = 5;
  int heads = 6;
  int key_value_heads = 2;
  int inner = 512;
  int vocabulary = 260;
  int rank = 16;
  double dropout = 0;
  int tokens = 2048;
  int document = 128;
  int threads = 2;
  double seconds = 3;
  std::string json;
};

struct Case {
  std::string method;
  std::string precision;
  double tokens_per_second = 0;
  double gradient_ms = 0;        // of one micro-batch
  double set_parameters_ms = 0;  // after each step
};

std::string ConfigJson(const Options& options) {
  const nlohmann::json json = {{"architectures", {"LlamaForCausalLM"}},
                               {"vocab_size", options.vocabulary},
                               {"hidden_size", options.hidden},
                               {"intermediate_size", options.inner},
                               {"num_hidden_layers", options.layers},
                               {"num_attention_heads", options.heads},
                               {"num_key_value_heads", options.key_value_heads},
                               {"max_position_embeddings", options.document},
                               {"tie_word_embeddings", true}};
  return json.dump();
}

// A folder with a model of random weights, removed at the end.
class ModelFolderOnDisk {
 public:
  explicit ModelFolderOnDisk(const Options& options) {
    path_ = (std::filesystem::temp_directory_path() / "train_bench_XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
    std::ofstream(path_ + "/config.json") << ConfigJson(options);
    const ModelConfig config = ParseModelConfig(ConfigJson(options), "config.json").value();
    std::vector<float> weights(FullLayout(config).size);
    InitializeFull(config, 1, absl::MakeSpan(weights));
    const auto files = WriteModelFolder(path_, config, weights).value();
    for (const auto& [name, bytes] : files) {
      std::ofstream(path_ + "/" + name) << bytes;
    }
    std::fprintf(stderr, "%.2f million weights\n", 1e-6 * weights.size());
  }
  ~ModelFolderOnDisk() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

PackedTokens RandomTokens(const Options& options) {
  std::mt19937 generator(1);
  PackedTokens packed;
  for (int i = 0; i < options.tokens; ++i) {
    const int position = i % options.document;
    if (position == 0) packed.document_starts.push_back(i);
    packed.tokens.push_back(generator() % options.vocabulary);
    packed.positions.push_back(position);
    packed.targets.push_back(generator() % options.vocabulary);
  }
  packed.document_starts.push_back(options.tokens);
  packed.target_count = options.tokens;
  return packed;
}

v1::Method MethodOf(const Options& options, const std::string& name) {
  v1::Method method;
  if (name == "full") {
    method.mutable_full();
    return method;
  }
  method.mutable_lora()->set_rank(options.rank);
  method.mutable_lora()->set_alpha(2 * options.rank);
  method.mutable_lora()->set_dropout(options.dropout);
  method.mutable_lora()->add_target_modules("all-linear");
  return method;
}

// Milliseconds of a call, on average over `seconds`, after one call that is not counted.
template <typename Call>
double MillisecondsOf(double seconds, Call call) {
  using Clock = std::chrono::steady_clock;
  call();
  const Clock::time_point start = Clock::now();
  double elapsed = 0;
  int calls = 0;
  for (; elapsed < seconds; ++calls) {
    call();
    elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return 1e3 * elapsed / calls;
}

absl::StatusOr<Case> Measure(const Options& options, const std::string& folder,
                             const std::string& method, const std::string& precision) {
  ASSIGN_OR_RETURN(
      const std::unique_ptr<TrainableModel> model,
      CreateTrainable(folder, "random", MethodOf(options, method),
                      precision == "bf16" ? v1::PRECISION_BF16 : v1::PRECISION_FLOAT32));
  std::vector<float> parameters(model->layout().size), gradient(parameters.size());
  model->InitializeParameters(1, absl::MakeSpan(parameters));
  const PackedTokens tokens = RandomTokens(options);
  Case result{method, precision};
  result.set_parameters_ms =
      MillisecondsOf(options.seconds / 10, [&] { model->SetParameters(parameters); });
  absl::Status status;
  result.gradient_ms = MillisecondsOf(options.seconds, [&] {
    status.Update(
        model->AccumulateGradient(tokens, RandomKey{}, absl::MakeSpan(gradient)).status());
  });
  RETURN_IF_ERROR(status);
  result.tokens_per_second = 1e3 * options.tokens / result.gradient_ms;
  return result;
}

void Print(const Case& result) {
  std::printf("%-7s %-9s %12.0f %14.2f %18.3f\n", result.method.c_str(), result.precision.c_str(),
              result.tokens_per_second, result.gradient_ms, result.set_parameters_ms);
}

void WriteJson(const std::string& path, const std::vector<Case>& results) {
  std::ofstream file(path);
  for (const Case& result : results) {
    file << nlohmann::json{{"method", result.method},
                           {"precision", result.precision},
                           {"tokens_per_second", result.tokens_per_second},
                           {"gradient_ms", result.gradient_ms},
                           {"set_parameters_ms", result.set_parameters_ms}}
         << "\n";
  }
}

void AddOptions(CLI::App* app, Options* options) {
  app->add_option("--hidden", options->hidden, "hidden size")->capture_default_str();
  app->add_option("--layers", options->layers, "layers")->capture_default_str();
  app->add_option("--heads", options->heads, "query heads")->capture_default_str();
  app->add_option("--kv-heads", options->key_value_heads, "key-value heads")->capture_default_str();
  app->add_option("--inner", options->inner, "inner size of the MLP")->capture_default_str();
  app->add_option("--vocabulary", options->vocabulary, "tokens known")->capture_default_str();
  app->add_option("--rank", options->rank, "of LoRA")->capture_default_str();
  app->add_option("--dropout", options->dropout, "of LoRA")->capture_default_str();
  app->add_option("--tokens", options->tokens, "tokens in a micro-batch")->capture_default_str();
  app->add_option("--document", options->document, "tokens in a document")->capture_default_str();
  app->add_option("--threads", options->threads, "threads")->capture_default_str();
  app->add_option("--seconds", options->seconds, "time for each case")->capture_default_str();
  app->add_option("--json", options->json, "file for one JSON object per case");
}

int Run(const Options& options) {
  SetThreads(options.threads);
  const ModelFolderOnDisk folder(options);
  std::vector<Case> results;
  std::printf("method  precision     tokens/s   gradient [ms]  set parameters [ms]\n");
  for (const char* method : {"lora", "full"}) {
    for (const char* precision : {"float32", "bf16"}) {
      const absl::StatusOr<Case> result = Measure(options, folder.path(), method, precision);
      if (!result.ok()) {
        std::cerr << method << " " << precision << ": " << result.status().message() << "\n";
        continue;
      }
      Print(*result);
      results.push_back(*result);
    }
  }
  if (!options.json.empty()) WriteJson(options.json, results);
  return results.empty() ? 1 : 0;
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  ropewalk::Options options;
  CLI::App app("Measures tokens a second of training on this machine");
  ropewalk::AddOptions(&app, &options);
  CLI11_PARSE(app, argc, argv);
  return ropewalk::Run(options);
}
