#include "services/client/commands/command_tree.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace ropewalk {
namespace {

// A command's path ("/jobs/list"; "" for the root) and the words that may follow it.
using Place = std::pair<std::string, std::vector<std::string>>;

void CollectPlaces(const CLI::App& command, const std::string& path, std::vector<Place>* places) {
  std::vector<std::string> words = CommandNames(command);
  for (std::string& option : OptionNames(command)) words.push_back(std::move(option));
  places->emplace_back(path, std::move(words));
  for (const CLI::App* below : command.get_subcommands({})) {
    CollectPlaces(*below, absl::StrCat(path, "/", below->get_name()), places);
  }
}

// The shells' `case` branches: those that follow a path down, and those that say what comes next.
std::string Branches(const CLI::App& root) {
  std::vector<Place> places;
  CollectPlaces(root, "", &places);
  std::string branches;
  for (const auto& [path, words] : places) {
    absl::StrAppend(&branches, "    \"", path, "\") next=\"", absl::StrJoin(words, " "), "\" ;;\n");
  }
  return branches;
}

std::string Paths(const CLI::App& root) {
  std::vector<Place> places;
  CollectPlaces(root, "", &places);
  places.erase(places.begin());
  return absl::StrJoin(
      places, "|", [](std::string* out, const Place& place) { absl::StrAppend(out, place.first); });
}

constexpr char kBash[] = R"(_ropewalk() {
  local path="" next="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/${COMP_WORDS[i]}" in
      $paths) path="$path/${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path" in
$branches  esac
  COMPREPLY=($(compgen -W "$next" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _ropewalk ropewalk
)";

constexpr char kZsh[] = R"(#compdef ropewalk
_ropewalk() {
  local walked="" word next
  for word in "${(@)words[2,CURRENT-1]}"; do
    case "$walked/$word" in
      $paths) walked="$walked/$word" ;;
    esac
  done
  case "$walked" in
$branches  esac
  compadd -- ${=next}
  _files
}
compdef _ropewalk ropewalk
)";

std::string Fill(const char* script, const CLI::App& root) {
  return absl::StrReplaceAll(script, {{"$paths", Paths(root)}, {"$branches", Branches(root)}});
}

}  // namespace

std::vector<std::string> CommandNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* below : command.get_subcommands({})) names.push_back(below->get_name());
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(absl::StrCat("--", name));
  }
  return names;
}

std::string BashCompletion(const CLI::App& root) { return Fill(kBash, root); }

std::string ZshCompletion(const CLI::App& root) { return Fill(kZsh, root); }

}  // namespace ropewalk
