#include "worker/chat/assistant_spans.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"
#include "worker/chat/probe.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;
using Text = absl::string_view;

bool IsBlank(Text text) { return absl::StripAsciiWhitespace(text).empty(); }

bool IsAssistant(const Json& message) {
  const auto role = message.find("role");
  return role != message.end() && *role == "assistant";
}

bool HasCalls(const Json& message) {
  const auto calls = message.find("tool_calls");
  return calls != message.end() && !calls->empty();
}

class SpanFinder {
 public:
  SpanFinder(const ChatFormat& format, const Json& messages, const Json& tools,
             const std::string& text)
      : messages_(messages), text_(text), probe_(&format, &messages, &tools) {
    const auto eos = format.variables.find("eos_token");
    if (eos != format.variables.end()) eos_ = eos->get<std::string>();
  }

  std::optional<ByteSpan> Find(size_t turn) {
    const std::optional<size_t> begin = FindBegin(turn);
    if (!begin.has_value()) return std::nullopt;
    std::optional<size_t> end = FindEnd(turn);
    if (!end.has_value()) end = FindEndOfWholeTurn(turn, *begin);
    if (!end.has_value() || *end < *begin) return std::nullopt;
    const Text said = Text(text_).substr(*begin, *end - *begin);
    return ByteSpan{*begin, *begin + absl::StripTrailingAsciiWhitespace(said).size()};
  }

 private:
  size_t count() const { return messages_.size(); }
  Text After(size_t place) const { return Text(text_).substr(place); }

  std::optional<size_t> FindBegin(size_t turn);
  std::optional<size_t> BeginInPart(size_t turn, size_t count, Text text);
  std::optional<size_t> FindEnd(size_t turn);
  std::optional<size_t> FindEndOfWholeTurn(size_t turn, size_t begin);
  bool OnlyHeaderFollows(size_t turn, Text after);

  // What follows the words of message `which` in a rendering of the first `count` messages.
  std::optional<std::string> Tail(size_t which, size_t count, bool add_generation_prompt) {
    const std::string* const text = probe_.Text(count, add_generation_prompt);
    const auto end = probe_.End(which, count, add_generation_prompt);
    if (text == nullptr || !end.has_value()) return std::nullopt;
    return text->substr(*end);
  }

  // What add_generation_prompt adds behind the first `count` messages, perhaps in the place of the
  // token that ends all.
  std::optional<std::string> Prompt(size_t count) {
    const std::string* const without = probe_.Text(count, false);
    const std::string* const with = probe_.Text(count, true);
    if (without == nullptr || with == nullptr) return std::nullopt;
    Text prompt = *with, start = *without;
    if (!absl::StartsWith(prompt, start) && !eos_.empty()) absl::ConsumeSuffix(&start, eos_);
    if (!absl::ConsumePrefix(&prompt, start) || IsBlank(prompt)) return std::nullopt;
    return std::string(prompt);
  }

  // The prompt for a turn, or, as for the first message there may be none, for another.
  std::optional<std::string> PromptFor(size_t turn) {
    std::optional<std::string> prompt = turn > 0 ? Prompt(turn) : std::nullopt;
    for (size_t i = 1; i <= count() && !prompt.has_value(); ++i) {
      if (!IsAssistant(messages_[i - 1])) prompt = Prompt(i);
    }
    return prompt;
  }

  // The ending of the turn as it is when the prompt for another follows.
  std::optional<std::string> EndingBeforePrompt(size_t turn) {
    const std::optional<std::string> tail = Tail(turn, turn + 1, true);
    const std::optional<std::string> prompt = PromptFor(turn);
    if (!tail.has_value() || !prompt.has_value()) return std::nullopt;
    Text ending = *tail;
    if (!absl::ConsumeSuffix(&ending, *prompt) || IsBlank(ending)) return std::nullopt;
    return std::string(ending);
  }

  // The last message before a turn that the template shows.
  std::optional<size_t> Previous(size_t turn) {
    for (size_t i = turn; i > 0; --i) {
      if (!probe_.IsSilent(i - 1, count())) return i - 1;
    }
    return std::nullopt;
  }

  const Json& messages_;
  const std::string& text_;
  Probe probe_;
  std::string eos_;
};

// The turn begins where the prompt for it ends: behind the message before it there is the same text
// as in a rendering that asks for this turn.
std::optional<size_t> SpanFinder::FindBegin(size_t turn) {
  return BeginInPart(turn, count(), text_);
}

// The same within the first `count` messages, which are rendered as `text`.
std::optional<size_t> SpanFinder::BeginInPart(size_t turn, size_t count, Text text) {
  const std::optional<size_t> words = probe_.Begin(turn, count, false);
  const std::optional<size_t> previous = Previous(turn);
  std::optional<size_t> before;
  std::optional<std::string> tail;
  if (previous.has_value()) {
    before = probe_.End(*previous, count, false);
    tail = Tail(*previous, turn, true);
  }
  if (before.has_value() && tail.has_value()) {
    const size_t begin = *before + tail->size();
    if (absl::StartsWith(text.substr(*before), *tail) && (!words.has_value() || begin <= *words)) {
      const bool no_prompt = Tail(*previous, turn, false) == tail;
      const bool plain = words.has_value() && !HasCalls(messages_[turn]);
      // A template without prompts for turns, which still have a header.
      if (no_prompt && plain && !IsBlank(text.substr(begin, *words - begin))) return words;
      return begin;
    }
    // The prompt opens something, as <think>, that this turn does not have.
    const bool longer = words.has_value() && *before < *words &&
                        absl::StartsWith(*tail, text.substr(*before, *words - *before));
    if (longer) return words;
  }
  // The prompt occurs once between the words before and those of the turn.
  const std::optional<std::string> prompt = PromptFor(turn);
  if (!prompt.has_value() || !words.has_value()) return std::nullopt;
  if (previous.has_value() && (!before.has_value() || *before > *words)) return std::nullopt;
  const size_t from = before.value_or(0);
  const Text header = text.substr(from, *words - from);
  const size_t at = header.find(*prompt);
  if (at == header.npos || header.rfind(*prompt) != at) return std::nullopt;
  return from + at + prompt->size();
}

// Whether `after`, which follows a turn's words up to the next message's, is but that message's
// header: it stands so behind a message that is not the assistant's too, or at the beginning.
bool SpanFinder::OnlyHeaderFollows(size_t turn, Text after) {
  const auto words = probe_.Begin(turn + 1, count(), false);
  const size_t end = text_.size() - after.size();
  if (!words.has_value() || *words < end) return false;
  const Text header = absl::StripAsciiWhitespace(after.substr(0, *words - end));
  for (size_t i = 0; i < count(); ++i) {
    if (messages_[i].value("role", "") != messages_[turn + 1].value("role", "")) continue;
    if (i > 0 && IsAssistant(messages_[i - 1])) continue;
    const auto other = probe_.Begin(i, count(), false);
    if (!other.has_value()) continue;
    const Text before = absl::StripTrailingAsciiWhitespace(Text(text_).substr(0, *other));
    return absl::EndsWith(before, header);
  }
  return false;
}

// What ends a turn is what follows its words also if the conversation ends with it.
std::optional<size_t> SpanFinder::FindEnd(size_t turn) {
  const std::optional<size_t> words = probe_.End(turn, count(), false);
  if (!words.has_value()) return std::nullopt;
  const Text after = After(*words);
  const std::optional<std::string> ending = EndingBeforePrompt(turn);
  if (ending.has_value() && absl::StartsWith(after, *ending)) return *words + ending->size();
  if (turn + 1 == count()) return text_.size();
  const std::optional<std::string> tail = Tail(turn, turn + 1, false);
  if (tail.has_value() && !IsBlank(*tail) && absl::StartsWith(after, *tail)) {
    return *words + tail->size();
  }
  const Text next = absl::StripLeadingAsciiWhitespace(after);
  if (!eos_.empty() && absl::StartsWith(next, eos_)) {
    return text_.size() - next.size() + eos_.size();
  }
  if (tail.has_value() && IsBlank(*tail) && OnlyHeaderFollows(turn, after)) return words;
  return std::nullopt;
}

// For a turn whose words cannot be found, as it says nothing: all that the template writes for it
// if the conversation ends there.
std::optional<size_t> SpanFinder::FindEndOfWholeTurn(size_t turn, size_t begin) {
  if (turn + 1 == count()) return text_.size();
  const std::string* const part = probe_.Text(turn + 1, false);
  if (part == nullptr) return std::nullopt;
  const auto part_begin = BeginInPart(turn, turn + 1, *part);
  if (!part_begin.has_value() || *part_begin > part->size()) return std::nullopt;
  const Text whole = Text(*part).substr(*part_begin);
  if (!absl::StartsWith(After(begin), whole)) return std::nullopt;
  const bool ends = !eos_.empty() && absl::StrContains(whole, eos_);
  if (!ends && !OnlyHeaderFollows(turn, After(begin + whole.size()))) return std::nullopt;
  return begin + whole.size();
}

absl::Status NotCertain(const ChatTemplate& chat_template, size_t turn) {
  return absl::InvalidArgumentError(
      absl::StrCat(chat_template.file(), ": cannot tell with certainty where message ", turn + 1,
                   ", which is the assistant's, begins and ends in the text; {% generation %} and "
                   "{% endgeneration %} around what the assistant says would tell it"));
}

}  // namespace

absl::StatusOr<TrainingChat> RenderForTraining(const ChatFormat& format, const Json& messages,
                                               const Json& tools) {
  ASSIGN_OR_RETURN(RenderedChat chat, RenderChat(format, messages, tools, false));
  const ChatTemplate& chat_template = format.TemplateFor(tools);
  if (chat_template.has_generation_markers() && !chat.generated_elsewhere) {
    return TrainingChat{std::move(chat.text), std::move(chat.generated)};
  }
  TrainingChat result{std::move(chat.text), {}};
  const Json prepared = PrepareMessages(messages);
  SpanFinder finder(format, prepared, tools, result.text);
  for (size_t i = 0; i < prepared.size(); ++i) {
    if (!IsAssistant(prepared[i])) continue;
    const std::optional<ByteSpan> span = finder.Find(i);
    const size_t previous = result.assistant.empty() ? 0 : result.assistant.back().end;
    if (!span.has_value() || span->begin < previous) return NotCertain(chat_template, i);
    result.assistant.push_back(*span);
  }
  return result;
}

}  // namespace ropewalk
