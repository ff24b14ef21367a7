#include "services/registry/hub/commit_decoder.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/json_text.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxLineBytes = 64 << 10;
constexpr int kMaxDepth = 8;
// Of {"value": {"content": ...}}.
constexpr int kContentDepth = 2;
// "\u003d".
constexpr size_t kCodeEscapeBytes = 6;

}  // namespace

absl::Status CommitDecoder::Append(absl::string_view piece) {
  while (!piece.empty()) {
    if (state_ == State::kContent && escape_.empty()) {
      RETURN_IF_ERROR(TakeContent(&piece));
      continue;
    }
    const char c = piece.front();
    piece.remove_prefix(1);
    RETURN_IF_ERROR(TakeOne(c));
  }
  return absl::OkStatus();
}

absl::Status CommitDecoder::TakeOne(char c) {
  if (state_ == State::kContent) return TakeEscape(c);
  return state_ == State::kString ? TakeInString(c) : TakeOutside(c);
}

absl::Status CommitDecoder::Finish() {
  if (state_ != State::kOutside) {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_number_, " breaks off"));
  }
  return EndLine();
}

absl::Status CommitDecoder::Keep(char c) {
  if (line_.size() < kMaxLineBytes) {
    line_.push_back(c);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("line ", line_number_, " has more than ",
                                                 kMaxLineBytes, " bytes beside its content"));
}

absl::Status CommitDecoder::TakeOutside(char c) {
  if (c == '\n') return EndLine();
  RETURN_IF_ERROR(Keep(c));
  if (c == '{' || c == '[') ++depth_;
  if (c == '}' || c == ']') --depth_;
  if (depth_ > kMaxDepth) {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_number_, " is nested too deeply"));
  }
  if (c == ':') key_ = depth_ == kContentDepth ? last_string_ : "";
  if (c == ',' || c == '{') key_.clear();
  if (c != '"') return absl::OkStatus();
  if (key_ == "content") {
    state_ = State::kContent;
    base64_ = Base64Stream();
    return sink_->BeginContent();
  }
  state_ = State::kString;
  string_begin_ = line_.size();
  return absl::OkStatus();
}

absl::Status CommitDecoder::TakeInString(char c) {
  if (c == '"' && !escaped_) {
    last_string_ = line_.substr(string_begin_);
    state_ = State::kOutside;
  }
  escaped_ = c == '\\' && !escaped_;
  return Keep(c);
}

absl::Status CommitDecoder::TakeContent(absl::string_view* piece) {
  const size_t end = std::min(piece->find_first_of("\"\\"), piece->size());
  RETURN_IF_ERROR(AddContent(piece->substr(0, end)));
  piece->remove_prefix(end);
  if (piece->empty()) return absl::OkStatus();
  const char c = piece->front();
  piece->remove_prefix(1);
  if (c == '\\') {
    escape_ = c;
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(base64_.Finish());
  state_ = State::kOutside;
  key_.clear();
  RETURN_IF_ERROR(Keep('"'));
  return sink_->EndContent();
}

// "\/" and "\u003d": base64 has nothing else that could be escaped.
absl::Status CommitDecoder::TakeEscape(char c) {
  const bool in_code = escape_.size() > 1;
  bool good = in_code ? absl::ascii_isxdigit(c) : c == 'u' || c == '/';
  escape_.push_back(c);
  char meant = c;
  if (good && escape_[1] == 'u') {
    if (escape_.size() < kCodeEscapeBytes) return absl::OkStatus();
    const std::string code = absl::HexStringToBytes(escape_.substr(2));
    good = code[0] == 0;
    meant = code[1];
  }
  escape_.clear();
  if (good) return AddContent(absl::string_view(&meant, 1));
  return absl::InvalidArgumentError(
      absl::StrCat("line ", line_number_, " has an escape in its content that is not base64"));
}

absl::Status CommitDecoder::AddContent(absl::string_view base64) {
  ASSIGN_OR_RETURN(const std::string bytes, base64_.Append(base64));
  return bytes.empty() ? absl::OkStatus() : sink_->AppendContent(bytes);
}

absl::Status CommitDecoder::EndLine() {
  const bool blank = line_.find_first_not_of(" \t\r") == std::string::npos;
  if (!blank) {
    const absl::StatusOr<nlohmann::json> line = ParseLimitedJson(line_, kFewJsonValues);
    if (!line.ok() || !line->is_object()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", line_number_, " is not an object, or one with too many values"));
    }
    RETURN_IF_ERROR(sink_->TakeLine(*line));
  }
  ++line_number_;
  line_.clear();
  depth_ = 0;
  key_.clear();
  return absl::OkStatus();
}

}  // namespace ropewalk
