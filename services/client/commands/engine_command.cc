#include "services/client/commands/engine_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/human.h"
#include "services/client/local_files.h"
#include "services/client/registry_reference.h"
#include "services/client/version_cache.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct EngineFlags {
  std::string base;
  std::vector<std::string> adapters;
  std::map<std::string, std::vector<std::string>> others;  // by option
};

// The same for every command.
CLI::Option* AddValues(CLI::App* command, const EngineOption& option,
                       std::vector<std::string>* values) {
  CLI::Option* added = command->add_option(option.names, *values, option.description)
                           ->type_name(option.type)
                           ->required(option.required)
                           ->allow_extra_args(false);
  if (!option.repeated) added->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  return added;
}

// Replaces the names in `flags` by folders.
class FolderFinder {
 public:
  FolderFinder(Session* session, bool named) : session_(session), named_(named) {}

  absl::Status Find(EngineFlags* flags) {
    for (std::string& adapter : flags->adapters) RETURN_IF_ERROR(FindAdapter(flags, &adapter));
    if (flags->base.empty())
      return absl::InvalidArgumentError("say on which model: --base DIR|NAME");
    if (IsLocal(flags->base)) return absl::OkStatus();
    ASSIGN_OR_RETURN(RegistryClient * registry, session_->registry());
    ASSIGN_OR_RETURN(const v1::Version base, FindVersion(registry, flags->base, {"models"}));
    RETURN_IF_ERROR(CheckFits(registry, base));
    ASSIGN_OR_RETURN(flags->base, FetchToCache(registry, base));
    return absl::OkStatus();
  }

 private:
  // `adapter` may have a name to serve it by, "NAME=DIR|NAME"; a registry name is one by itself.
  absl::Status FindAdapter(EngineFlags* flags, std::string* adapter) {
    const size_t equals = adapter->find('=');
    const std::string reference =
        equals == std::string::npos ? *adapter : adapter->substr(equals + 1);
    if (IsLocal(reference)) return absl::OkStatus();
    ASSIGN_OR_RETURN(RegistryClient * registry, session_->registry());
    ASSIGN_OR_RETURN(const v1::Version version, FindVersion(registry, reference, {"adapters"}));
    if (flags->base.empty()) flags->base = version.lineage().base_model();
    adapter_versions_.push_back(version.name());
    ASSIGN_OR_RETURN(const std::string folder, FetchToCache(registry, version));
    *adapter = named_ ? absl::StrCat(adapter->substr(0, equals), "=", folder) : folder;
    return absl::OkStatus();
  }

  // The registry refuses an adapter for another base than it was trained on.
  absl::Status CheckFits(RegistryClient* registry, const v1::Version& base) {
    for (const std::string& adapter : adapter_versions_) {
      RETURN_IF_ERROR(registry->GetVersion(adapter, LastPart(base.name())).status());
    }
    return absl::OkStatus();
  }

  Session* const session_;
  const bool named_;  // the command takes several adapters, each with a name
  std::vector<std::string> adapter_versions_;
};

absl::StatusOr<ExitCode> RunEngine(Session* session, const EngineCommand& engine,
                                   EngineFlags flags) {
  // With a server elsewhere, base and adapter are that server's business.
  if (flags.others["--server"].empty()) {
    RETURN_IF_ERROR(FolderFinder(session, engine.several_adapters).Find(&flags));
  }
  std::vector<std::string> command = {engine.name};
  if (!flags.base.empty()) command.insert(command.end(), {"--base", flags.base});
  for (const std::string& adapter : flags.adapters) {
    command.insert(command.end(), {"--adapter", adapter});
  }
  for (const auto& [option, values] : flags.others) {
    for (const std::string& value : values) command.push_back(absl::StrCat(option, "=", value));
  }
  return BecomeEngine(*session, command);
}

// The command's options, and how the base is held.
std::vector<EngineOption> AndBaseOptions(const EngineCommand& engine) {
  std::vector<EngineOption> options = engine.options;
  if (!engine.holds_base) return options;
  options.push_back({"--base-storage", "float32|bf16|float16|int8|nf4",
                     "How the model's linear layers are held; default: as its folder has them"});
  options.push_back({"--double-quantization", "true|false",
                     "Whether the scales of nf4 are quantised, too; default: true"});
  return options;
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

CLI::App* AddEngineCommand(CLI::App* root, Session* session, const EngineCommand& engine) {
  CLI::App* command = AddCommand(root, session, engine.name, engine.description, engine.example);
  auto flags = std::make_shared<EngineFlags>();
  command
      ->add_option("--base", flags->base,
                   "The model; may be left out for an adapter from the registry, which knows it")
      ->type_name("DIR|NAME");
  const EngineOption adapter =
      engine.several_adapters
          ? EngineOption{"--adapter", "[AS=]DIR|NAME",
                         "An adapter on it, and what it is to be called; may be repeated", false,
                         true}
          : EngineOption{"--adapter", "DIR|NAME", "The adapter on it"};
  AddValues(command, adapter, &flags->adapters);
  for (const EngineOption& option : AndBaseOptions(engine)) {
    const std::string last = option.names.substr(option.names.rfind(',') + 1);
    AddValues(command, option, &flags->others[last]);
  }
  SetAction(command, session, [=] { return RunEngine(session, engine, *flags); });
  return command;
}

}  // namespace ropewalk
