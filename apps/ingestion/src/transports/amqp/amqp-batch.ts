/** Transport id for `@EventPattern(queue, AMQP_BATCH)`: the handler gets `ReadMessage[]`, and answers `DeadLetter[]`. */
export const AMQP_BATCH = Symbol('AMQP_BATCH');
