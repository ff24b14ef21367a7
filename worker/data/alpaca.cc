#include "worker/data/alpaca.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/data/json_text.h"
#include "worker/data/messages.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;

bool IsPair(const Json& turn) {
  return turn.is_array() && turn.size() == 2 && turn[0].is_string() && turn[1].is_string();
}

absl::Status AppendHistory(const Json& row, Json* messages) {
  const auto history = row.find("history");
  if (history == row.end() || history->is_null()) return absl::OkStatus();
  const char kWanted[] = R"("history" is no list of ["...", "..."], what was said and answered)";
  if (!history->is_array()) return absl::InvalidArgumentError(kWanted);
  for (const Json& turn : *history) {
    if (!IsPair(turn)) return absl::InvalidArgumentError(kWanted);
    messages->push_back(MakeMessage("user", turn[0].get<std::string>()));
    messages->push_back(MakeMessage("assistant", turn[1].get<std::string>()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Json> MessagesOfAlpaca(const Json& row) {
  Json messages = Json::array();
  ASSIGN_OR_RETURN(std::string system, ReadOptionalText(row, "system"));
  if (!system.empty()) messages.push_back(MakeMessage("system", std::move(system)));
  RETURN_IF_ERROR(AppendHistory(row, &messages));
  ASSIGN_OR_RETURN(std::string user, ReadNonEmptyText(row, "instruction"));
  ASSIGN_OR_RETURN(const std::string input, ReadOptionalText(row, "input"));
  if (!input.empty()) absl::StrAppend(&user, "\n", input);
  messages.push_back(MakeMessage("user", std::move(user)));
  ASSIGN_OR_RETURN(std::string output, ReadText(row, "output"));
  messages.push_back(MakeMessage("assistant", std::move(output)));
  return messages;
}

}  // namespace ropewalk
