#include "tests/bench/train/step_tokens.h"

#include <algorithm>
#include <fstream>
#include <random>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace ropewalk {

absl::StatusOr<std::vector<std::vector<int32_t>>> ReadDocuments(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError("cannot read " + path);
  std::vector<std::vector<int32_t>> documents;
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json ids = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    const bool good = ids.is_array() && ids.size() > 1 &&
                      std::all_of(ids.begin(), ids.end(),
                                  [](const nlohmann::json& id) { return id.is_number_integer(); });
    if (!good) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", documents.size() + 1, " is not a list of two token ids or more"));
    }
    documents.push_back(ids.get<std::vector<int32_t>>());
  }
  if (documents.empty()) return absl::InvalidArgumentError(path + " is empty");
  return documents;
}

std::vector<std::vector<int32_t>> RandomDocuments(int64_t tokens, int64_t sequence,
                                                  int64_t vocabulary) {
  std::mt19937 random(1);
  std::vector<std::vector<int32_t>> documents;
  for (int64_t left = tokens; left > 0; left -= sequence) {
    documents.emplace_back(std::min(left, sequence));
    for (int32_t& token : documents.back()) token = random() % vocabulary;
  }
  return documents;
}

}  // namespace ropewalk
