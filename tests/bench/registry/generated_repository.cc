#include "tests/bench/registry/generated_repository.h"

#include <array>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace ropewalk {
namespace {

constexpr int64_t kAuthors = 2000;
constexpr int64_t kRare = 10'000;

constexpr std::array<absl::string_view, 5> kBases = {"llama-3.2-1b", "qwen2.5-0.5b", "mistral-7b",
                                                     "gemma-2-2b", "smollm2-135m"};
constexpr std::array<absl::string_view, 8> kTasks = {"chat",      "text-to-sql", "code",
                                                     "summaries", "translation", "extraction",
                                                     "reasoning", "support"};
constexpr std::array<absl::string_view, 4> kLicenses = {"mit", "apache-2.0", "llama3.2", "gemma"};
// Coprime to the counts that benchmarks use; Shuffled looks on where one is not.
constexpr std::array<int64_t, 3> kStrides = {61'803'399, 41'421'357, 73'205'081};

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

template <typename Words>
absl::string_view Pick(const Words& words, uint64_t draw) {
  return words[draw % words.size()];
}

// The cube of a uniform draw: the first of 2000 authors has 8 % of all, the middle one 0.02 %.
int64_t AuthorOf(uint64_t draw) {
  const double uniform = static_cast<double>(draw >> 11) * 0x1.0p-53;
  return static_cast<int64_t>(kAuthors * std::pow(uniform, 3));
}

}  // namespace

GeneratedRepository::GeneratedRepository(int64_t index) : is_adapter(index % 4 != 0) {
  const uint64_t draw = Mix(index);
  const bool rare = index % kRare == kRare / 2;
  const absl::string_view base = Pick(kBases, draw);
  const absl::string_view task = Pick(kTasks, draw >> 8);
  const std::string id =
      absl::StrFormat("author-%04d/%s-%s%s%s-%06d", AuthorOf(Mix(draw)), base, task,
                      is_adapter ? "-lora" : "", rare ? "-okapi" : "", index);
  name = absl::StrCat(is_adapter ? "adapters/" : "models/", id);
  card = absl::StrCat("---\nbase_model: bases/", base, "\nlicense: ", Pick(kLicenses, draw >> 16),
                      "\nlanguage:\n- en\npipeline_tag: text-generation\ntags:\n- ", task,
                      rare ? "\n- okapi" : "", "\n---\n# ", id, "\n\nMade for a benchmark.\n");
  config = is_adapter ? absl::StrCat(R"({"peft_type": "LORA", "base_model_name_or_path": "bases/)",
                                     base, R"(", "r": 1, "target_modules": ["q_proj"]})")
                      : absl::StrCat(R"({"model_type": ")", base.substr(0, base.find('-')), "\"}");
}

std::string GeneratedWeights(int version) {
  constexpr char kTensor[] = R"("base_model.model.model.layers.0.self_attn.q_proj.%s.weight":)"
                             R"({"dtype":"F32","shape":%s,"data_offsets":[%d,%d]})";
  const std::string header =
      absl::StrCat("{", absl::StrFormat(kTensor, "lora_A", "[1,4]", 0, 16), ",",
                   absl::StrFormat(kTensor, "lora_B", "[4,1]", 16, 32), "}");
  std::string file;
  for (int i = 0; i < 8; ++i) file.push_back(static_cast<char>(header.size() >> (8 * i)));
  absl::StrAppend(&file, header);
  for (int i = 0; i < 8; ++i) {
    const float value = static_cast<float>(version);
    file.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  return file;
}

int64_t Shuffled(int64_t position, int64_t count, int round) {
  int64_t stride = kStrides[round % kStrides.size()] % count;
  while (std::gcd(stride, count) != 1) ++stride;
  return position * stride % count;
}

}  // namespace ropewalk
