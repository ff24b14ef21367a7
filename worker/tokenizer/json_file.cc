#include "worker/tokenizer/json_file.h"

#include <cstddef>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr size_t kLargest = 256 << 20;
constexpr size_t kPiece = 1 << 20;

}  // namespace

absl::StatusOr<std::string> ReadJsonFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, " is missing or cannot be read"));
  std::string text;
  while (file) {
    const size_t size = text.size();
    text.resize(size + kPiece);
    file.read(&text[size], kPiece);
    text.resize(size + file.gcount());
    if (text.size() > kLargest) {
      return absl::InvalidArgumentError(absl::StrCat(path, " is larger than 256 MiB"));
    }
  }
  if (!file.eof()) return absl::NotFoundError(absl::StrCat(path, ": reading failed"));
  return text;
}

}  // namespace ropewalk
