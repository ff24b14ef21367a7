// Fuzzes the reader of config.json: whatever the text, it must return an error or a config whose
// sizes can be multiplied and whose RoPE has finite frequencies.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/strings/string_view.h"
#include "worker/model/config.h"
#include "worker/model/rope_frequencies.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = ropewalk::ParseModelConfig(text, "config.json");
  if (!config.ok()) return 0;
  if (config->query_size() <= 0 || config->key_value_size() > config->query_size()) abort();
  if (config->longest_sequence() < config->max_position_embeddings) abort();
  for (const int64_t layer : {int64_t{0}, config->num_hidden_layers - 1}) {
    if (config->WindowOf(layer) < 0) abort();
  }
  std::vector<double> frequencies(config->head_dim / 2);
  for (const int64_t length : {int64_t{1}, config->max_position_embeddings + 1}) {
    ropewalk::RopeFrequencies(*config, length, absl::MakeSpan(frequencies));
    for (const double frequency : frequencies) {
      if (!std::isfinite(frequency)) abort();
    }
  }
  return 0;
}
