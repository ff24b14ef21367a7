#include "worker/agent/tokenize_command.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tensor/parallel.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

constexpr size_t kLinesAtOnce = 4096;

absl::StatusOr<std::string> ReadText(const std::string& line) {
  Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.contains("text")) json = Json(json["text"]);
  if (json.is_string()) return json.get<std::string>();
  return absl::InvalidArgumentError("neither a JSON string nor an object with a string \"text\"");
}

absl::StatusOr<std::string> TokenizeLine(const Tokenizer& tokenizer, const std::string& line,
                                         const TokenizeOptions& options) {
  ASSIGN_OR_RETURN(const std::string text, ReadText(line));
  Json result;
  if (options.offsets) {
    ASSIGN_OR_RETURN(const EncodedText encoded, tokenizer.EncodeWithOffsets(text));
    result = {{"tokens", encoded.tokens}, {"begins", encoded.begins}, {"ends", encoded.ends}};
  } else {
    ASSIGN_OR_RETURN(result["tokens"], tokenizer.Encode(text));
  }
  if (options.decode) {
    result["decoded"] = tokenizer.Decode(result["tokens"].get<std::vector<int32_t>>());
  }
  return result.dump();
}

// Tokenizes lines at the same time. `first` is the number of the first, for messages.
absl::Status TokenizeLines(const Tokenizer& tokenizer, const std::vector<std::string>& lines,
                           size_t first, const TokenizeOptions& options, std::ostream& out) {
  std::vector<absl::StatusOr<std::string>> results(lines.size());
  ParallelForEach(static_cast<int64_t>(lines.size()),
                  [&](int64_t i) { results[i] = TokenizeLine(tokenizer, lines[i], options); });
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!results[i].ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", first + i, ": ", results[i].status().message()));
    }
    out << *results[i] << "\n";
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunTokenize(const TokenizeOptions& options, std::istream& in, std::ostream& out) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer, Tokenizer::Load(options.base));
  std::vector<std::string> lines;
  size_t first = 1;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(std::move(line));
    if (lines.size() < kLinesAtOnce) continue;
    RETURN_IF_ERROR(TokenizeLines(*tokenizer, lines, first, options, out));
    first += lines.size();
    lines.clear();
  }
  return TokenizeLines(*tokenizer, lines, first, options, out);
}

}  // namespace ropewalk
