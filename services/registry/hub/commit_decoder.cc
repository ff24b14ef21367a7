#include "services/registry/hub/commit_decoder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxLineBytes = 64 << 10;
constexpr int kMaxDepth = 8;
// Of {"value": {"content": ...}}.
constexpr int kContentDepth = 2;

}  // namespace

absl::Status CommitDecoder::Append(absl::string_view piece) {
  while (!piece.empty()) {
    if (state_ == State::kContent) {
      RETURN_IF_ERROR(TakeContent(&piece));
      continue;
    }
    const char c = piece.front();
    piece.remove_prefix(1);
    RETURN_IF_ERROR(state_ == State::kString ? TakeInString(c) : TakeOutside(c));
  }
  return absl::OkStatus();
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

// JSON may write '/' as "\/"; base64 has nothing else that could be escaped.
absl::Status CommitDecoder::TakeContent(absl::string_view* piece) {
  const size_t end = std::min(piece->find_first_of("\"\\"), piece->size());
  ASSIGN_OR_RETURN(const std::string bytes, base64_.Append(piece->substr(0, end)));
  if (!bytes.empty()) RETURN_IF_ERROR(sink_->AppendContent(bytes));
  piece->remove_prefix(end);
  if (piece->empty()) return absl::OkStatus();
  const char c = piece->front();
  piece->remove_prefix(1);
  if (c == '\\') return absl::OkStatus();
  RETURN_IF_ERROR(base64_.Finish());
  state_ = State::kOutside;
  key_.clear();
  RETURN_IF_ERROR(Keep('"'));
  return sink_->EndContent();
}

absl::Status CommitDecoder::EndLine() {
  const bool blank = line_.find_first_not_of(" \t\r") == std::string::npos;
  if (!blank) {
    const nlohmann::json line = nlohmann::json::parse(line_, nullptr, /*allow_exceptions=*/false);
    if (!line.is_object()) {
      return absl::InvalidArgumentError(absl::StrCat("line ", line_number_, " is not an object"));
    }
    RETURN_IF_ERROR(sink_->TakeLine(line));
  }
  ++line_number_;
  line_.clear();
  depth_ = 0;
  key_.clear();
  return absl::OkStatus();
}

}  // namespace ropewalk
