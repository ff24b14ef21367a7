#include "services/client/commands/engine_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/human.h"
#include "services/client/local_files.h"
#include "services/client/registry_reference.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct EngineFlags {
  std::string base;
  std::string adapter;
  std::map<std::string, std::string> others;  // by option
};

// Where fetched versions stay, by name; they never change.
std::string CacheFolder() {
  std::string folder = EnvironmentVariable("ROPEWALK_CACHE");
  if (!folder.empty()) return folder;
  folder = EnvironmentVariable("XDG_CACHE_HOME");
  if (!folder.empty()) return folder + "/ropewalk";
  return EnvironmentVariable("HOME") + "/.cache/ropewalk";
}

absl::StatusOr<std::string> Fetch(RegistryClient* registry, const v1::Version& version) {
  const std::string folder = absl::StrCat(CacheFolder(), "/", version.name());
  RETURN_IF_ERROR(MakeFolders(std::filesystem::path(folder).parent_path().string()));
  RETURN_IF_ERROR(registry->FetchVersion(version, folder));
  return folder;
}

// Replaces the names in `flags` by folders.
class FolderFinder {
 public:
  explicit FolderFinder(Session* session) : session_(session) {}

  absl::Status Find(EngineFlags* flags) {
    RETURN_IF_ERROR(FindAdapter(flags));
    if (flags->base.empty())
      return absl::InvalidArgumentError("say on which model: --base DIR|NAME");
    if (IsLocal(flags->base)) return absl::OkStatus();
    ASSIGN_OR_RETURN(RegistryClient * registry, session_->registry());
    ASSIGN_OR_RETURN(const v1::Version base, FindVersion(registry, flags->base, {"models"}));
    RETURN_IF_ERROR(CheckFits(registry, base));
    ASSIGN_OR_RETURN(flags->base, Fetch(registry, base));
    return absl::OkStatus();
  }

 private:
  absl::Status FindAdapter(EngineFlags* flags) {
    if (flags->adapter.empty() || IsLocal(flags->adapter)) return absl::OkStatus();
    ASSIGN_OR_RETURN(RegistryClient * registry, session_->registry());
    ASSIGN_OR_RETURN(const v1::Version adapter,
                     FindVersion(registry, flags->adapter, {"adapters"}));
    if (flags->base.empty()) flags->base = adapter.lineage().base_model();
    adapter_version_ = adapter.name();
    ASSIGN_OR_RETURN(flags->adapter, Fetch(registry, adapter));
    return absl::OkStatus();
  }

  // The registry refuses an adapter for another base than it was trained on.
  absl::Status CheckFits(RegistryClient* registry, const v1::Version& base) {
    if (adapter_version_.empty()) return absl::OkStatus();
    return registry->GetVersion(adapter_version_, LastPart(base.name())).status();
  }

  Session* const session_;
  std::string adapter_version_;
};

absl::StatusOr<ExitCode> RunEngine(Session* session, const std::string& name, EngineFlags flags) {
  RETURN_IF_ERROR(FolderFinder(session).Find(&flags));
  std::vector<std::string> command = {name, "--base", flags.base};
  if (!flags.adapter.empty()) command.insert(command.end(), {"--adapter", flags.adapter});
  for (const auto& [option, value] : flags.others) {
    if (!value.empty()) command.push_back(absl::StrCat(option, "=", value));
  }
  return BecomeEngine(*session, command);
}

}  // namespace

absl::Status BecomeEngine(const Session& session, const std::vector<std::string>& arguments) {
  std::string program = session.program_folder + "/ropewalk-worker";
  std::vector<char*> command = {program.data()};
  for (const std::string& argument : arguments) {
    command.push_back(const_cast<char*>(argument.c_str()));
  }
  command.push_back(nullptr);
  execv(program.c_str(), command.data());
  return absl::UnavailableError(absl::StrCat("cannot start ", program, ": ", std::strerror(errno)));
}

CLI::App* AddEngineCommand(CLI::App* root, Session* session, const std::string& name,
                           const std::string& description, const std::string& example,
                           const std::vector<EngineOption>& options) {
  CLI::App* command = AddCommand(root, session, name, description, example);
  auto flags = std::make_shared<EngineFlags>();
  command
      ->add_option("--base", flags->base,
                   "The model; may be left out for an adapter from the registry, which knows it")
      ->type_name("DIR|NAME");
  command->add_option("--adapter", flags->adapter, "The adapter on it")->type_name("DIR|NAME");
  for (const EngineOption& option : options) {
    const std::string last = option.names.substr(option.names.rfind(',') + 1);
    command->add_option(option.names, flags->others[last], option.description)
        ->type_name(option.type)
        ->required(option.required);
  }
  SetAction(command, session, [=] { return RunEngine(session, name, *flags); });
  return command;
}

}  // namespace ropewalk
