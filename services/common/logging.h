#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// One JSON object per line on stderr: {"ts":...,"level":"info","program":...,"msg":...,FIELDS...}.
// Thread-safe. Never log a secret or what users train on.

// A field of a log line: text, a number or a truth value. Refers to text, so use it in the call
// only.
class LogField {
 public:
  using Value = std::variant<absl::string_view, int64_t, double, bool>;

  LogField(absl::string_view key, absl::string_view value) : key(key), value(value) {}
  LogField(absl::string_view key, const char* value) : key(key), value(absl::string_view(value)) {}
  LogField(absl::string_view key, const std::string& value)
      : key(key), value(absl::string_view(value)) {}
  LogField(absl::string_view key, bool value) : key(key), value(value) {}
  LogField(absl::string_view key, double value) : key(key), value(value) {}
  template <typename Int, typename = std::enable_if_t<std::is_integral_v<Int>>>
  LogField(absl::string_view key, Int value) : key(key), value(static_cast<int64_t>(value)) {}

  absl::string_view key;
  Value value;
};

using LogFields = std::initializer_list<LogField>;

// Sets the program's name and the least level shown: debug, info, warning or error. Before it is
// called, lines carry no program and begin at info.
// INVALID_ARGUMENT: another level.
absl::Status InitLogging(absl::string_view program, absl::string_view level);

void LogDebug(absl::string_view message, LogFields fields = {});
void LogInfo(absl::string_view message, LogFields fields = {});
void LogWarning(absl::string_view message, LogFields fields = {});
void LogError(absl::string_view message, LogFields fields = {});

// The line that a call would print, without the newline. Pure.
std::string FormatLogLine(absl::string_view timestamp, absl::string_view level,
                          absl::string_view program, absl::string_view message, LogFields fields);

}  // namespace ropewalk
