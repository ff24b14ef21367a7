#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "worker/chat/template_files.h"
#include "worker/data/document.h"
#include "worker/data/row.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

// What a document teaches.
enum class Learn {
  kAnswers,  // completions, and what the assistant says; all of a plain text
  kAll,
};

// Turns rows into documents. Const calls may run at the same time.
//
// A text is tokenised whole and a pair's halves apart, so that generating from the prompt meets the
// very tokens that were trained on; the end-of-text token follows and is learnt. A conversation is
// what the chat template writes, special tokens included, and nothing more; a token is learnt if
// any byte of it lies in what the assistant says (assistant_spans.h), as in transformers'
// assistant masks.
class RowTokeniser {
 public:
  // `chat`: the model's template, or why it has none. Both must outlive this object.
  RowTokeniser(const Tokenizer* tokenizer, const absl::StatusOr<ChatFormat>* chat, Learn learn)
      : tokenizer_(tokenizer), chat_(chat), learn_(learn) {}

  // INVALID_ARGUMENT with the row's origin: the tokenizer lacks a byte, the template refuses the
  // conversation, or there is no template for it.
  absl::StatusOr<Document> Tokenise(const Row& row) const;

 private:
  absl::StatusOr<Document> TokeniseContent(const TextRow& row) const;
  absl::StatusOr<Document> TokeniseContent(const PairRow& row) const;
  absl::StatusOr<Document> TokeniseContent(const ChatRow& row) const;

  const Tokenizer* const tokenizer_;
  const absl::StatusOr<ChatFormat>* const chat_;
  const Learn learn_;
};

}  // namespace ropewalk
