#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "worker/chat/chat_format.h"

namespace ropewalk {

// Finds where a template puts the words of messages, for any template, by trial: a mark is put into
// a message, and if the rendering is the same but for the mark, then the mark is where that place
// of the message came to be. If anything else changes, the place is not known.
class Probe {
 public:
  // `messages` are prepared (PrepareMessages). Both outlive the probe.
  Probe(const ChatFormat* format, const nlohmann::ordered_json* messages,
        const nlohmann::ordered_json* tools)
      : format_(*format), messages_(*messages), tools_(*tools) {}

  // The first `count` messages rendered; null if the template refuses them.
  const std::string* Text(size_t count, bool add_generation_prompt);

  // Where in Text(count, add_generation_prompt) the words of message `which` begin and end: its
  // content, reasoning and calls. Nothing if that is not certain.
  std::optional<size_t> Begin(size_t which, size_t count, bool add_generation_prompt);
  std::optional<size_t> End(size_t which, size_t count, bool add_generation_prompt);

  // Whether the template leaves out what message `which` says.
  bool IsSilent(size_t which, size_t count);

 private:
  // A message with marks in it, and what must be found behind the last of them.
  struct Trial {
    nlohmann::ordered_json message;
    std::string verbatim;
    size_t marks = 1;
  };
  // Where the marks are in the text without them, if that is as it was.
  using Places = std::optional<std::vector<size_t>>;

  static std::vector<Trial> TrialsOfBegin(const nlohmann::ordered_json& message);
  static std::vector<Trial> TrialsOfContentEnd(const nlohmann::ordered_json& message);
  static std::vector<Trial> TrialsOfCalls(const nlohmann::ordered_json& message);
  Places Run(const Trial& trial, size_t which, size_t count, bool prompt);
  std::optional<size_t> EndBy(const Trial& trial, size_t which, size_t count, bool prompt);
  absl::StatusOr<RenderedChat> Render(nlohmann::ordered_json messages, bool prompt) const;

  const ChatFormat& format_;
  const nlohmann::ordered_json& messages_;
  const nlohmann::ordered_json& tools_;
  std::map<std::pair<size_t, bool>, std::optional<std::string>> texts_;
};

}  // namespace ropewalk
