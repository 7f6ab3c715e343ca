locals {
  # What each step does, from the first to the last that chain.tf.json can hold.
  commands = [
    for number in range(1, 51) : number == var.fail_at
    ? "sleep ${var.seconds}; echo 'step ${number} fails, as asked' >&2; exit 1"
    : "sleep ${var.seconds}"
  ]

  beside = var.order == "parallel" ? var.steps : 0
  chain  = var.order == "chain" ? var.steps : 0
}

resource "terraform_data" "step" {
  count = local.beside

  input            = "step ${count.index + 1} of ${var.deployment}"
  triggers_replace = [var.seconds]

  provisioner "local-exec" {
    command = local.commands[count.index]
  }
}
