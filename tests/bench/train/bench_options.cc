#include "tests/bench/train/bench_options.h"

#include "absl/strings/str_join.h"
#include "tests/bench/train/model_shapes.h"

namespace ropewalk {

void AddBenchOptions(CLI::App* app, BenchOptions* options) {
  TrainingRunOptions* const run = &options->run;
  app->add_option("--shape", options->shape, absl::StrJoin(ShapeNames(), ", "))
      ->capture_default_str();
  app->add_option("--write-model", options->write_model,
                  "only makes this folder, of random weights in the shape");
  app->add_option("--model", run->model_folder,
                  "a Hugging Face folder to train on; default: the shape's, made in a process of "
                  "its own in the folder for temporary files, and kept there");
  app->add_option("--tokens", options->tokens,
                  "file with the documents of a step, a JSON list of ids on each line; default: "
                  "random ones, as the next two say");
  app->add_option("--step-tokens", options->step_tokens, "tokens of a step")->capture_default_str();
  app->add_option("--sequence", options->sequence, "tokens of a document")->capture_default_str();
  app->add_option("--micro-batch-tokens", run->micro_batch_tokens, "most tokens of a micro-batch")
      ->capture_default_str();
  app->add_option("--precision", run->precision)
      ->check(CLI::IsMember({"bf16", "float32"}))
      ->capture_default_str();
  app->add_option("--storage", run->storage,
                  "how the base's linear layers are held, as a job's base_storage; default: as the "
                  "precision has them");
  app->add_flag("--checkpointing", run->activation_checkpointing,
                "keeps no activations but computes them anew");
  app->add_option("--checkpointed-layers", run->checkpointed_layers,
                  "the same of so many of the lowest layers");
  app->add_flag("--plan", options->plan,
                "only prints what training would keep in memory with micro-batches of "
                "--micro-batch-tokens");
  app->add_option("--threads", options->threads)->capture_default_str();
  app->add_option("--seconds", run->seconds, "least time of all measured steps")
      ->capture_default_str();
  app->add_option("--warm-up-steps", run->warm_up_steps, "steps not measured")
      ->capture_default_str();
  app->add_flag("--matmul-share,!--no-matmul-share", options->matmuls,
                "also measures oneDNN's products");
  app->add_flag("--profile", options->profile,
                "also prints what each op of the median step took, beside what the machine can");
  app->add_option("--json", options->json, "file to append an object to, on a line");
}

}  // namespace ropewalk
