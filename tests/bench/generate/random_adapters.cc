#include "tests/bench/generate/random_adapters.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "worker/peft/lora_config.h"
#include "worker/peft/peft_folder.h"
#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

bool WriteAdapter(const std::vector<LinearPlace>& places, uint64_t seed,
                  const std::string& folder) {
  LoraConfig config;
  for (size_t place = 0; place < places.size(); ++place) config.places.push_back(place);
  std::vector<float> values(LoraLayout(places, config).size);
  FillNormal(seed, /*stream=*/0, 0.02f, values.data(), values.size());
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  bool good = true;
  for (const auto& [path, bytes] : WritePeftFolder(places, config, values, "random")) {
    good &= static_cast<bool>(std::ofstream(folder + "/" + path, std::ios::binary) << bytes);
  }
  return good;
}

}  // namespace

RandomAdapters::~RandomAdapters() {
  std::error_code error;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
}

absl::StatusOr<std::vector<NamedAdapter>> RandomAdapters::Write(const ModelConfig& config,
                                                                int count) {
  folder_ = (std::filesystem::temp_directory_path() / absl::StrCat("ropewalk-adapters-", getpid()))
                .string();
  std::vector<NamedAdapter> adapters;
  for (int i = 0; i < count; ++i) {
    const std::string name = absl::StrCat("random-", i);
    adapters.push_back({name, absl::StrCat(folder_, "/", name)});
    if (!WriteAdapter(LinearPlaces(config), i, adapters.back().folder)) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot write an adapter to ", adapters.back().folder));
    }
  }
  return adapters;
}

}  // namespace ropewalk
