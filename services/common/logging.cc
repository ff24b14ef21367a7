#include "services/common/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/common/nearest_name.h"

namespace ropewalk {
namespace {

using spdlog::level::level_enum;

struct Logger {
  std::string program;
  std::shared_ptr<spdlog::logger> lines = std::make_shared<spdlog::logger>(
      "ropewalk", std::make_shared<spdlog::sinks::stderr_sink_mt>());

  Logger() { lines->set_pattern("%v"); }
};

// Lives as long as the process: threads may log while it exits.
Logger& TheLogger() {
  static Logger* const logger = new Logger;
  return *logger;
}

const std::map<std::string, level_enum, std::less<>>& Levels() {
  static const auto* const levels =
      new std::map<std::string, level_enum, std::less<>>{{"debug", spdlog::level::debug},
                                                         {"info", spdlog::level::info},
                                                         {"warning", spdlog::level::warn},
                                                         {"error", spdlog::level::err}};
  return *levels;
}

void Log(level_enum level, absl::string_view level_name, absl::string_view message,
         LogFields fields) {
  Logger& logger = TheLogger();
  if (!logger.lines->should_log(level)) return;
  const std::string now =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", Clock::Real()->Now(), absl::UTCTimeZone());
  logger.lines->log(level, FormatLogLine(now, level_name, logger.program, message, fields));
  logger.lines->flush();
}

nlohmann::ordered_json ToJson(const LogField::Value& value) {
  return std::visit(
      [](const auto& v) -> nlohmann::ordered_json {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, absl::string_view>) {
          return std::string(v);
        } else {
          return v;
        }
      },
      value);
}

}  // namespace

absl::Status InitLogging(absl::string_view program, absl::string_view level) {
  const auto found = Levels().find(level);
  if (found == Levels().end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", level, "' is not a log level; allowed are debug, info, warning and error",
                     DidYouMean(level, {"debug", "info", "warning", "error"})));
  }
  TheLogger().program = std::string(program);
  TheLogger().lines->set_level(found->second);
  return absl::OkStatus();
}

void LogDebug(absl::string_view message, LogFields fields) {
  Log(spdlog::level::debug, "debug", message, fields);
}
void LogInfo(absl::string_view message, LogFields fields) {
  Log(spdlog::level::info, "info", message, fields);
}
void LogWarning(absl::string_view message, LogFields fields) {
  Log(spdlog::level::warn, "warning", message, fields);
}
void LogError(absl::string_view message, LogFields fields) {
  Log(spdlog::level::err, "error", message, fields);
}

std::string FormatLogLine(absl::string_view timestamp, absl::string_view level,
                          absl::string_view program, absl::string_view message, LogFields fields) {
  nlohmann::ordered_json line;
  line["ts"] = std::string(timestamp);
  line["level"] = std::string(level);
  if (!program.empty()) line["program"] = std::string(program);
  line["msg"] = std::string(message);
  for (const LogField& field : fields) line[std::string(field.key)] = ToJson(field.value);
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace ropewalk
