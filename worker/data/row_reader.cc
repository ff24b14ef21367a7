#include "worker/data/row_reader.h"

#include <string>
#include <utility>

#include "services/common/status_macros.h"
#include "worker/data/alpaca.h"
#include "worker/data/json_text.h"
#include "worker/data/messages.h"
#include "worker/data/sharegpt.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;
using Content = decltype(Row::content);

absl::StatusOr<Content> ReadTextRow(const Json& row) {
  ASSIGN_OR_RETURN(std::string text, ReadNonEmptyText(row, "text"));
  return TextRow{std::move(text)};
}

absl::StatusOr<Content> ReadTextPair(const Json& row) {
  PairRow pair;
  ASSIGN_OR_RETURN(pair.prompt, ReadNonEmptyText(row, "prompt"));
  ASSIGN_OR_RETURN(pair.completion, ReadNonEmptyText(row, "completion"));
  return pair;
}

absl::StatusOr<Content> ReadChatPair(const Json& row) {
  ChatRow chat;
  chat.messages = row["prompt"];
  RETURN_IF_ERROR(CheckMessages(chat.messages, "prompt"));
  RETURN_IF_ERROR(CheckMessages(row.value("completion", Json()), "completion"));
  chat.prompt_messages = chat.messages.size();
  for (const Json& message : row["completion"]) chat.messages.push_back(message);
  ASSIGN_OR_RETURN(chat.tools, ReadTools(row));
  return chat;
}

absl::StatusOr<Content> ReadPair(const Json& row) {
  const auto prompt = row.find("prompt");
  const bool messages = prompt != row.end() && prompt->is_array();
  return messages ? ReadChatPair(row) : ReadTextPair(row);
}

absl::StatusOr<Content> ReadMessages(const Json& row) {
  ChatRow chat;
  chat.messages = row["messages"];
  RETURN_IF_ERROR(CheckMessages(chat.messages, "messages"));
  ASSIGN_OR_RETURN(chat.tools, ReadTools(row));
  return chat;
}

absl::StatusOr<Content> ReadAlpacaRow(const Json& row) {
  ChatRow chat;
  ASSIGN_OR_RETURN(chat.messages, MessagesOfAlpaca(row));
  return chat;
}

absl::StatusOr<Content> ReadShareGptRow(const Json& row) {
  ChatRow chat;
  ASSIGN_OR_RETURN(chat.messages, MessagesOfShareGpt(row));
  ASSIGN_OR_RETURN(chat.tools, ReadTools(row));
  return chat;
}

}  // namespace

absl::StatusOr<Content> ReadRow(const Json& row) {
  if (row.contains("messages")) return ReadMessages(row);
  if (row.contains("conversations")) return ReadShareGptRow(row);
  if (row.contains("instruction")) return ReadAlpacaRow(row);
  const bool pair = row.contains("prompt") || row.contains("completion");
  if (pair && row.contains("text")) {
    return absl::InvalidArgumentError("the row has both a prompt and a text");
  }
  if (pair) return ReadPair(row);
  if (row.contains("text")) return ReadTextRow(row);
  return absl::InvalidArgumentError(
      "the row has neither text, prompt and completion, messages, conversations nor instruction");
}

}  // namespace ropewalk
