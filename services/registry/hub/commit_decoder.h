#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/registry/hub/base64_stream.h"

namespace ropewalk {

// What the body of a commit says, in its order. An error ends the decoding.
class CommitSink {
 public:
  virtual ~CommitSink() = default;

  // The content of the file that the line at hand is about, decoded, piece by piece.
  virtual absl::Status BeginContent() = 0;
  virtual absl::Status AppendContent(absl::string_view bytes) = 0;
  virtual absl::Status EndContent() = 0;

  // A line has ended: {"key": ..., "value": {...}}, an object; a content in it is "".
  virtual absl::Status TakeLine(const nlohmann::json& line) = 0;
};

// Takes the Hub's commits apart (application/x-ndjson, a JSON object a line) as they come. A line
// may hold a file of any size in base64, so {"value": {"content": "..."}} is never held as a whole;
// of everything else a line may have 64 KiB, in 8 levels. JSON may write any character of the
// base64 as an escape, and Gson and .NET do so with '=' and '+'. Not thread-safe.
class CommitDecoder {
 public:
  // `sink` is not owned and outlives the decoder.
  explicit CommitDecoder(CommitSink* sink) : sink_(sink) {}

  // INVALID_ARGUMENT: a line is not such an object, or is too long or too deep. Other errors: the
  // sink's. Call nothing after an error.
  absl::Status Append(absl::string_view piece);

  // The body has ended.
  absl::Status Finish();

 private:
  enum class State { kOutside, kString, kContent };

  absl::Status TakeOne(char c);
  absl::Status TakeOutside(char c);
  absl::Status TakeInString(char c);
  absl::Status TakeContent(absl::string_view* piece);
  absl::Status TakeEscape(char c);
  absl::Status AddContent(absl::string_view base64);
  absl::Status Keep(char c);
  absl::Status EndLine();

  CommitSink* const sink_;
  State state_ = State::kOutside;
  int line_number_ = 1;
  std::string line_;  // What is kept of the line at hand.
  int depth_ = 0;
  size_t string_begin_ = 0;  // In line_, of the string at hand.
  bool escaped_ = false;
  std::string last_string_;
  std::string key_;  // Whose value comes next, in {"value": {...}}.
  Base64Stream base64_;
  std::string escape_;  // In a content, as far as it has come: "\\u00"; empty: there is none.
};

}  // namespace ropewalk
