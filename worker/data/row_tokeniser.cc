#include "worker/data/row_tokeniser.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/assistant_spans.h"

namespace ropewalk {
namespace {

// The tokens any byte of which lies in `span`. Offsets of tokens ascend, so each search may begin
// where the last one ended.
TokenRange TokensIn(const EncodedText& text, const ByteSpan& span, int32_t from) {
  const int32_t count = text.tokens.size();
  int32_t begin = from;
  while (begin < count && text.ends[begin] <= span.begin) ++begin;
  int32_t end = begin;
  while (end < count && text.begins[end] < span.end) ++end;
  return {begin, end};
}

absl::Status NoTemplate(const absl::Status& why) {
  return absl::InvalidArgumentError(absl::StrCat(
      "the row is a conversation, but there is no template to write it with: ", why.message(),
      "; data.chat_template may give one"));
}

bool IsAssistant(const nlohmann::ordered_json& message) { return message["role"] == "assistant"; }

// The spans that belong to messages from `prompt_messages` on.
absl::StatusOr<std::vector<ByteSpan>> WithoutPrompt(const ChatRow& row,
                                                    std::vector<ByteSpan> spans) {
  if (row.prompt_messages == 0) return spans;
  const auto begin = row.messages.begin();
  const size_t all = std::count_if(begin, row.messages.end(), IsAssistant);
  const size_t given = std::count_if(begin, begin + row.prompt_messages, IsAssistant);
  if (given == 0) return spans;
  if (spans.size() != all) {
    return absl::InvalidArgumentError(
        "the chat template does not mark each answer, so those in the prompt cannot be told from "
        "those in the completion");
  }
  spans.erase(spans.begin(), spans.begin() + given);
  return spans;
}

}  // namespace

absl::StatusOr<Document> RowTokeniser::Tokenise(const Row& row) const {
  absl::StatusOr<Document> document =
      std::visit([this](const auto& content) { return TokeniseContent(content); }, row.content);
  if (document.ok()) {
    if (learn_ == Learn::kAll) {
      document->targets.clear();
      document->Learn(0, document->tokens.size());
    }
    return document;
  }
  const absl::Status& status = document.status();
  return absl::Status(status.code(), absl::StrCat(row.origin, ": ", status.message()));
}

absl::StatusOr<Document> RowTokeniser::TokeniseContent(const TextRow& row) const {
  Document document;
  ASSIGN_OR_RETURN(document.tokens, tokenizer_->EncodeBeginning(row.text));
  document.tokens.push_back(tokenizer_->eos());
  document.Learn(0, document.tokens.size());
  return document;
}

absl::StatusOr<Document> RowTokeniser::TokeniseContent(const PairRow& row) const {
  Document document;
  ASSIGN_OR_RETURN(document.tokens, tokenizer_->EncodeBeginning(row.prompt));
  document.prompt_length = document.tokens.size();
  document.completion = row.completion;
  ASSIGN_OR_RETURN(const std::vector<int32_t> completion, tokenizer_->Encode(row.completion));
  document.tokens.insert(document.tokens.end(), completion.begin(), completion.end());
  document.tokens.push_back(tokenizer_->eos());
  document.Learn(document.prompt_length, document.tokens.size());
  return document;
}

absl::StatusOr<Document> RowTokeniser::TokeniseContent(const ChatRow& row) const {
  if (!chat_->ok()) return NoTemplate(chat_->status());
  ASSIGN_OR_RETURN(TrainingChat chat, RenderForTraining(**chat_, row.messages, row.tools));
  ASSIGN_OR_RETURN(const auto spans, WithoutPrompt(row, std::move(chat.assistant)));
  ASSIGN_OR_RETURN(EncodedText text, tokenizer_->EncodeWithOffsets(chat.text));
  Document document;
  int32_t from = 0;
  for (const ByteSpan& span : spans) {
    const TokenRange range = TokensIn(text, span, from);
    document.Learn(range.begin, range.end);
    from = range.begin;
  }
  document.tokens = std::move(text.tokens);
  return document;
}

}  // namespace ropewalk
