import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { StatisticsContract } from '#libs/contracts';
import { Access } from '../access/access.decorator.js';
import { asyncApiDocument } from '../asyncapi/asyncapi-document.js';
import { documentText } from '../asyncapi/document-text.js';
import { WithoutEnvelope } from '../http/envelope.interceptor.js';
import { eventsPage } from './events-page.js';

/** The AsyncAPI document, for tools and for people. Both are made when they are asked for the first time. */
@ApiExcludeController()
@Controller()
export class EventsPageController {
  private documentJson?: string;
  private pageHtml?: string;

  constructor(private readonly contract: StatisticsContract) {}

  @Get('asyncapi.json')
  @WithoutEnvelope()
  @Header('content-type', 'application/json; charset=utf-8')
  @Access('open')
  document(): string {
    return (this.documentJson ??= documentText(asyncApiDocument(this.contract)));
  }

  @Get('docs/events')
  @WithoutEnvelope()
  @Header('content-type', 'text/html; charset=utf-8')
  @Access('open')
  page(): string {
    return (this.pageHtml ??= eventsPage(asyncApiDocument(this.contract)));
  }
}
