import { Module } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { RequestPipe } from './request.pipe.js';

/** Parses and validates the DTOs of all requests. */
@Module({ providers: [{ provide: APP_PIPE, useClass: RequestPipe }] })
export class RequestsModule {}
