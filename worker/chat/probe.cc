#include "worker/chat/probe.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;

// No white space, so that no template trims it; no word that a template looks for.
constexpr absl::string_view kMark = "Xq7RopewalkMark3zK";

std::string Marked(absl::string_view text, size_t at) {
  return absl::StrCat(text.substr(0, at), kMark, text.substr(at));
}

// A place in the middle of a text, between two characters.
size_t Middle(absl::string_view text) {
  size_t at = text.size() / 2;
  while (at > 0 && (text[at] & 0xC0) == 0x80) --at;
  return at;
}

// The text that a message's content is, or the last of its parts that are text.
std::string* ContentText(Json* message, bool last) {
  const auto content = message->find("content");
  if (content == message->end()) return nullptr;
  if (content->is_string()) return content->get_ptr<std::string*>();
  std::string* found = nullptr;
  if (!content->is_array()) return nullptr;
  for (Json& part : *content) {
    const bool is_text = part.is_object() && part.contains("text") && part["text"].is_string();
    if (is_text && (last || found == nullptr)) found = part["text"].get_ptr<std::string*>();
  }
  return found;
}

// Puts a mark behind each text below; returns how many.
size_t MarkStrings(Json* json) {
  if (json->is_string()) {
    *json = json->get<std::string>().append(kMark.data(), kMark.size());
    return 1;
  }
  size_t marks = 0;
  if (json->is_structured()) {
    for (Json& item : *json) marks += MarkStrings(&item);
  }
  return marks;
}

// Marks the names or the arguments of calls: {"function": {...}}, or the call itself.
size_t MarkCalls(Json* message, const char* part) {
  size_t marks = 0;
  const auto calls = message->find("tool_calls");
  if (calls == message->end() || !calls->is_array()) return 0;
  for (Json& call : *calls) {
    if (!call.is_object()) continue;
    Json& function = call.contains("function") ? call["function"] : call;
    if (function.is_object() && function.contains(part)) marks += MarkStrings(&function[part]);
  }
  return marks;
}

}  // namespace

std::vector<Probe::Trial> Probe::TrialsOfCalls(const Json& message) {
  std::vector<Trial> trials;
  Trial all{message, "", 0};
  all.marks = MarkCalls(&all.message, "name");
  all.marks += MarkCalls(&all.message, "arguments");
  Trial names{message, "", 0};
  names.marks = MarkCalls(&names.message, "name");
  if (all.marks > 0) trials.push_back(std::move(all));
  if (names.marks > 0) trials.push_back(std::move(names));
  return trials;
}

std::vector<Probe::Trial> Probe::TrialsOfContentEnd(const Json& message) {
  std::vector<Trial> trials;
  Trial trial{message, "", 1};
  std::string* const text = ContentText(&trial.message, true);
  if (text == nullptr) return trials;
  const std::string whole = *text;
  const size_t stripped = absl::StripTrailingAsciiWhitespace(whole).size();
  const size_t middle = Middle(absl::string_view(whole).substr(0, stripped));
  const auto add = [&](const std::string& with_mark, absl::string_view verbatim) {
    *text = with_mark;
    trials.push_back({trial.message, std::string(verbatim), 1});
  };
  add(Marked(whole, whole.size()), "");
  add(Marked(whole.substr(0, stripped), stripped), "");
  add(Marked(whole, middle), absl::string_view(whole).substr(middle));
  add(Marked(whole, middle), absl::string_view(whole).substr(middle, stripped - middle));
  return trials;
}

std::vector<Probe::Trial> Probe::TrialsOfBegin(const Json& message) {
  std::vector<Trial> trials;
  Trial trial{message, "", 1};
  std::string* const text = ContentText(&trial.message, false);
  if (text == nullptr) return trials;
  const std::string whole = *text;
  const auto add = [&](size_t at, size_t dropped) {
    *text = Marked(whole, at).substr(dropped);
    trials.push_back({trial.message, "", 1});
  };
  const auto without_spaces = [&](size_t at) {
    return whole.size() -
           absl::StripLeadingAsciiWhitespace(absl::string_view(whole).substr(at)).size();
  };
  add(0, 0);
  add(without_spaces(0), without_spaces(0));
  // Reasoning within the content, which templates leave out of earlier turns.
  constexpr absl::string_view kEndOfReasoning = "</think>";
  const size_t reasoning = whole.rfind(kEndOfReasoning.data());
  if (reasoning != std::string::npos) {
    const size_t answer = reasoning + kEndOfReasoning.size();
    add(answer, 0);
    add(without_spaces(answer), 0);
  }
  return trials;
}

absl::StatusOr<RenderedChat> Probe::Render(Json messages, bool prompt) const {
  return format_.TemplateFor(tools_).Render(
      {std::move(messages), tools_, prompt, format_.variables}, {},
      format_.now.value_or(absl::Now()));
}

const std::string* Probe::Text(size_t count, bool add_generation_prompt) {
  const auto [entry, is_new] = texts_.try_emplace({count, add_generation_prompt});
  if (is_new) {
    Json messages = Json::array();
    for (size_t i = 0; i < count; ++i) messages.push_back(messages_[i]);
    absl::StatusOr<RenderedChat> chat = Render(std::move(messages), add_generation_prompt);
    if (chat.ok()) entry->second = std::move(chat->text);
  }
  return entry->second.has_value() ? &*entry->second : nullptr;
}

Probe::Places Probe::Run(const Trial& trial, size_t which, size_t count, bool prompt) {
  const std::string* const original = Text(count, prompt);
  if (original == nullptr) return std::nullopt;
  Json messages = Json::array();
  for (size_t i = 0; i < count; ++i) messages.push_back(i == which ? trial.message : messages_[i]);
  const absl::StatusOr<RenderedChat> chat = Render(std::move(messages), prompt);
  if (!chat.ok()) return std::nullopt;
  std::string without;
  std::vector<size_t> places;
  absl::string_view rest = chat->text;
  for (size_t at = rest.find(kMark); at != rest.npos; at = rest.find(kMark)) {
    absl::StrAppend(&without, rest.substr(0, at));
    rest.remove_prefix(at + kMark.size());
    places.push_back(without.size());
  }
  absl::StrAppend(&without, rest);
  if (without != *original) return std::nullopt;
  return places;
}

std::optional<size_t> Probe::Begin(size_t which, size_t count, bool add_generation_prompt) {
  for (const Trial& trial : TrialsOfBegin(messages_[which])) {
    const Places places = Run(trial, which, count, add_generation_prompt);
    if (places.has_value() && places->size() == 1) return places->front();
  }
  return std::nullopt;
}

std::optional<size_t> Probe::EndBy(const Trial& trial, size_t which, size_t count, bool prompt) {
  const Places places = Run(trial, which, count, prompt);
  if (!places.has_value() || places->empty()) return std::nullopt;
  size_t own = places->size();
  if (own > trial.marks) {  // later messages may repeat a name: those within the turn come first
    const Places alone = count > which + 1 ? Run(trial, which, which + 1, false) : Places();
    if (!alone.has_value() || alone->empty()) return std::nullopt;
    own = alone->size();
  }
  if (own > trial.marks) return std::nullopt;
  const size_t place = (*places)[own - 1];
  const absl::string_view behind = absl::string_view(*Text(count, prompt)).substr(place);
  if (!absl::StartsWith(behind, trial.verbatim)) return std::nullopt;
  return place + trial.verbatim.size();
}

std::optional<size_t> Probe::End(size_t which, size_t count, bool add_generation_prompt) {
  // Calls come behind the content, unless the template leaves them out.
  bool has_calls = false;
  for (const Trial& trial : TrialsOfCalls(messages_[which])) {
    const auto place = EndBy(trial, which, count, add_generation_prompt);
    if (place.has_value()) return place;
    const Places places = Run(trial, which, count, add_generation_prompt);
    has_calls |= !places.has_value() || !places->empty();
  }
  if (has_calls) return std::nullopt;
  for (const Trial& trial : TrialsOfContentEnd(messages_[which])) {
    const auto place = EndBy(trial, which, count, add_generation_prompt);
    if (place.has_value()) return place;
  }
  return std::nullopt;
}

bool Probe::IsSilent(size_t which, size_t count) {
  std::vector<Trial> trials = TrialsOfCalls(messages_[which]);
  for (Trial& trial : TrialsOfContentEnd(messages_[which])) trials.push_back(std::move(trial));
  for (const Trial& trial : trials) {
    const Places places = Run(trial, which, count, false);
    if (!places.has_value() || !places->empty()) return false;
  }
  return true;
}

}  // namespace ropewalk
