#include "services/common/flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/common/server.h"
#include "services/common/yaml_flags.h"

namespace ropewalk {
namespace {

std::string EnvironmentName(const std::string& flag) {
  return absl::StrCat("ROPEWALK_", absl::AsciiStrToUpper(absl::StrReplaceAll(flag, {{"-", "_"}})));
}

const char* NonEmptyEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr && *value != '\0' ? value : nullptr;
}

// Lets CLI11 read its configuration file as YAML.
class YamlConfig final : public CLI::Config {
 public:
  explicit YamlConfig(std::vector<std::string> known) : known_(std::move(known)) {}

  std::string to_config(const CLI::App*, bool, bool, std::string) const override { return ""; }

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    const auto flags = ReadYamlFlags(input, known_);
    if (!flags.ok()) {
      throw CLI::ConfigError(absl::StrCat("configuration file: ", flags.status().message()),
                             CLI::ExitCodes::ConfigError);
    }
    std::vector<CLI::ConfigItem> items;
    for (const auto& [key, values] : *flags) {
      // CLI11 reads the environment last, so what it has must not be set here.
      if (NonEmptyEnvironment(EnvironmentName(key)) != nullptr) continue;
      CLI::ConfigItem item;
      item.name = key;
      item.inputs = values;
      items.push_back(std::move(item));
    }
    return items;
  }

 private:
  const std::vector<std::string> known_;
};

}  // namespace

void AddServerFlags(CLI::App& app, ServerOptions* options, std::string* log_level) {
  app.add_option("--listen", options->listen_address, "Address of the gRPC side, host:port")
      ->capture_default_str();
  app.add_option("--http-listen", options->http_address,
                 "Address of the HTTP side, host:port; empty: none")
      ->capture_default_str();
  app.add_option(
         "--http-certificate", options->http_certificate,
         "With --http-key the HTTP side speaks TLS: its certificate in PEM, and those of the "
         "authorities between it and a root")
      ->type_name("FILE");
  app.add_option("--http-key", options->http_key, "The certificate's key in PEM")
      ->type_name("FILE");
  app.add_flag("--insecure", options->insecure,
               "Allow addresses that other machines reach, without encryption or passwords");
  app.add_option("--log-level", *log_level, "debug, info, warning or error")->capture_default_str();
}

void BindStandardFlags(CLI::App& app) {
  std::vector<std::string> known;
  for (CLI::Option* option : app.get_options()) {
    const std::string name = option->get_single_name();
    if (option->get_lnames().empty() || name == "help" || name == "version") continue;
    option->envname(EnvironmentName(name));
    known.push_back(name);
  }
  const char* file = NonEmptyEnvironment(EnvironmentName("config"));
  app.set_config("--config", file != nullptr ? file : "", "YAML file of flags",
                 /*config_required=*/file != nullptr);
  app.config_formatter(std::make_shared<YamlConfig>(std::move(known)));
}

std::optional<int> ParseFlags(CLI::App& app, int argc, const char* const* argv) {
  constexpr int kUsageError = 2;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  return std::nullopt;
}

}  // namespace ropewalk
